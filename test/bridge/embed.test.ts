import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { readVectors, writeBlock } from '../host/function-bytes.ts';
import { bridgeProgram, encoderPids, TestRuntime, until, type Running } from '../host/hosted-function.ts';

const command = 'encode_text --input text --format RowBinary --chunk-header';
const block = (...texts: string[]): Buffer => writeBlock('RowBinary', texts);
const someTexts = (count: number): string[] => Array.from({ length: count }, (_, row) => `${row} a dog and a cat`);

let runtime: TestRuntime;

beforeEach(() => {
  runtime = new TestRuntime();
});

afterEach(async () => {
  await runtime[Symbol.asyncDispose]();
});

/** Sends a block as a pool does, without the input's end, and waits for its vectors. */
async function ask(bridge: Running, ...texts: string[]): Promise<number[][]> {
  const before = bridge.output().length;
  const expectedBytes = texts.length * (1 + 16 * 4);
  bridge.child.stdin.write(block(...texts));
  await until(() => bridge.output().length >= before + expectedBytes || bridge.child.exitCode !== null, 'it answers');
  return readVectors('RowBinary', bridge.output().subarray(before));
}

/** How many hosts have listened in this runtime folder. */
const hostsStarted = (): number => readFileSync(runtime.paths.log, 'utf8').split('host listens').length - 1;

describe('bridges that start together', () => {
  test('start one host, and each gets its own rows in order', async () => {
    const calls = Array.from({ length: 12 }, (_, bridge) => [`${bridge} dogs`, 'a cat', `${bridge} houses`]);
    const answers = await Promise.all(calls.map(async (texts) => runtime.call(command, block(...texts))));
    expect(answers.map(({ code, stderr }) => ({ code, stderr }))).toEqual(calls.map(() => ({ code: 0, stderr: '' })));
    expect(hostsStarted()).toBe(1);
    expect(existsSync(runtime.paths.lock)).toBe(false);
    const together = await runtime.call(command, block(...calls.flat()));
    expect(answers.flatMap(({ stdout }) => readVectors('RowBinary', stdout))).toEqual(
      readVectors('RowBinary', together.stdout),
    );
  });

  test('take over from one that died while it started a host', async () => {
    mkdirSync(runtime.paths.folder, { mode: 0o700 });
    writeFileSync(runtime.paths.lock, '');
    utimesSync(runtime.paths.lock, new Date(0), new Date(0));
    expect(await runtime.call(command, block('a dog'))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a bridge', () => {
  test('that is asked nothing ends without starting a host', async () => {
    expect(await runtime.call(command, '')).toMatchObject({ code: 0, stderr: '' });
    expect(existsSync(runtime.paths.folder)).toBe(false);
  });

  test('answers block after block, and starts a new host when the last has ended meanwhile', async () => {
    const bridge = runtime.startBridge(command);
    const first = await ask(bridge, 'a dog', 'a cat');
    expect(first).toHaveLength(2);
    expect(await ask(bridge, 'a cat')).toEqual(first.slice(1));
    await runtime.embedhouse('host', 'stop');
    expect(await ask(bridge, 'a dog', 'a cat')).toEqual(first);
    expect(hostsStarted()).toBe(2);
    bridge.child.stdin.end();
    expect(await bridge.finished).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a bridge to a running host', () => {
  let shared: TestRuntime;

  beforeAll(() => {
    shared = new TestRuntime();
  });

  afterAll(async () => {
    await shared[Symbol.asyncDispose]();
  });

  test('copies more than pipes hold, to a reader that is late, and warns of nothing', async () => {
    const texts = someTexts(20_000);
    const bridge = shared.startBridge(command);
    bridge.child.stdout.pause();
    bridge.child.stdin.end(block(...texts));
    await until(() => existsSync(shared.paths.socket), 'the host listens');
    await until(async () => (await shared.status()).rows.text > 0, 'rows are answered');
    bridge.child.stdout.resume();
    const { code, stdout, stderr } = await bridge.finished;
    expect({ code, stderr, bytes: stdout.length }).toEqual({ code: 0, stderr: '', bytes: texts.length * 65 });
  });

  test('does not end at Ctrl-C, which its caller answers', async () => {
    const bridge = shared.startBridge(command);
    await ask(bridge, 'a dog');
    bridge.child.kill('SIGINT');
    expect(await ask(bridge, 'a dog')).toHaveLength(1);
    bridge.child.stdin.end();
    expect((await bridge.finished).code).toBe(0);
  });

  test('ends when nobody reads its output any more', async () => {
    const bridge = shared.startBridge(command);
    await ask(bridge, 'a dog');
    bridge.child.stdout.destroy();
    bridge.child.stdin.write(block(...someTexts(3_000)));
    await until(() => bridge.child.exitCode !== null, 'the bridge has ended');
    expect((await bridge.finished).code).toBe(1);
  });
});

describe('a host that is killed', () => {
  test('in the middle of a block ends the query with a line that says what to do; the next one has a new host', async () => {
    const bridge = runtime.startBridge(command);
    bridge.child.stdin.write(block(...someTexts(50_000)));
    await until(() => bridge.output().length > 0, 'the first rows are answered');
    process.kill((await runtime.status()).pid, 'SIGKILL');
    const { code, stderr } = await bridge.finished;
    expect(code).toBe(1);
    expect(stderr).toBe(
      `embedhouse: encode_text: the model host stopped while it worked on this query: run it again; the host's log is ${runtime.paths.log}\n`,
    );
    // Its socket's file is still there.
    expect(statSync(runtime.paths.socket).isSocket()).toBe(true);
    expect(await runtime.call(command, block('a dog'))).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a host that cannot start', () => {
  test.each([
    ['exits', "console.error('no memory left'); process.exit(3)", 'it ended with exit code 3'],
    [
      'dies of a signal',
      "console.error('no memory left'); process.kill(process.pid, 'SIGKILL')",
      'it ended with SIGKILL',
    ],
  ])('as its program %s is reported with its log by each bridge', async (_, source, reason) => {
    const program = join(runtime.folder, 'broken-host.mjs');
    writeFileSync(program, source);
    const env = { EMBEDHOUSE_HOST_PROGRAM: program };
    const answers = await Promise.all([1, 2, 3].map(async () => runtime.call(command, block('a dog'), { env })));
    for (const { code, stderr } of answers) {
      expect(code).toBe(1);
      expect(stderr).toBe(
        `embedhouse: encode_text: the model host could not start (${reason}): its log is ${runtime.paths.log}\n`,
      );
    }
    expect(readFileSync(runtime.paths.log, 'utf8')).toContain('no memory left');
    expect(existsSync(runtime.paths.lock)).toBe(false);
  });
});

describe('the runtime folder', () => {
  test('is made for its user alone, also when it was open to others', async () => {
    mkdirSync(runtime.paths.folder);
    chmodSync(runtime.paths.folder, 0o755);
    await runtime.call(command, block('a dog'));
    expect(statSync(runtime.paths.folder).mode & 0o777).toBe(0o700);
    expect(statSync(runtime.paths.log).mode & 0o077).toBe(0);
  });

  test('is refused when it is a folder that all users share', async () => {
    mkdirSync(runtime.paths.folder);
    chmodSync(runtime.paths.folder, 0o1777);
    const { code, stderr } = await runtime.call(command, block('a dog'));
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('set EMBEDHOUSE_RUNTIME') });
    expect(statSync(runtime.paths.folder).mode & 0o7777).toBe(0o1777);
  });
});

test.runIf(process.platform === 'linux')(
  'the host and its encoder hold nothing that the caller left open (Linux: elsewhere nothing lists open files)',
  async () => {
    const file = join(runtime.folder, 'of-the-caller');
    writeFileSync(file, '');
    const descriptor = openSync(file, 'r');
    const gap = Array.from({ length: 57 }, () => 'ignore' as const);
    const child = spawn(process.execPath, [bridgeProgram, ...command.split(' ')], {
      cwd: runtime.folder,
      env: runtime.env,
      stdio: ['pipe', 'pipe', 'pipe', ...gap, descriptor],
    });
    closeSync(descriptor);
    // With three pipes it is that kind; the type of a longer list says less.
    const bridge = runtime.track(child as ChildProcessWithoutNullStreams);
    await ask(bridge, 'a dog');
    expect(openFiles(Number(child.pid))).toContain(file);
    const status = await runtime.status();
    const { pid } = status;
    expect(openFiles(pid)).toContain(runtime.paths.log);
    expect(openFiles(pid)).not.toContain(file);
    for (const encoderPid of encoderPids(status)) {
      expect(openFiles(encoderPid)).not.toContain(file);
    }
    expect(dirname(readlinkSync(`/proc/${pid}/cwd`))).toBe('/');
  },
);

function openFiles(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return 'closed meanwhile';
    }
  });
}
