import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { KitHome, runScript } from './kit-home.ts';
import { kits } from './kit-scripts.ts';

let home: KitHome;

beforeAll(async () => {
  home = await KitHome.make();
});
afterAll(async () => home[Symbol.asyncDispose]());

const texts = { arguments: ['String'], returns: 'String', format: 'TabSeparated' };

describe.each(kits)('$kit', ({ extension, serve }) => {
  const isPython = extension === 'py';
  const add = async (name: string, code: string): Promise<string> => home.addScript(`${name}.${extension}`, code);
  const upper = isPython ? 'lambda text: text.upper()' : '(text) => text.toUpperCase()';

  test('answers what has arrived before more comes, and ends with its input', async () => {
    const script = spawn(await add('upper', serve(upper, texts)));
    script.stdin.write('a\nb\n');
    expect(String((await once(script.stdout, 'data'))[0])).toBe('A\nB\n');
    script.stdin.write('c\nd');
    expect(String((await once(script.stdout, 'data'))[0])).toBe('C\n');
    script.stdin.end('e\n');
    expect(String((await once(script.stdout, 'data'))[0])).toBe('DE\n');
    expect(await once(script, 'close')).toEqual([0, null]);
  });

  test('answers several blocks with their sizes before them', async () => {
    const path = await add('blocks', serve(upper, { ...texts, chunkHeader: true }));
    expect(await runScript(path, '2\na\nb\n0\n1\nc\n')).toEqual({ stdout: 'A\nB\nC\n', stderr: '', exitCode: 0 });
  });

  test('keeps stdout for answers', async () => {
    const print = isPython ? "print('loading')" : "console.log('loading');";
    const path = await add('prints', `${print}\n${serve(upper, texts)}`);
    expect(await runScript(path, 'a\n')).toEqual({ stdout: 'A\n', stderr: 'loading\n', exitCode: 0 });
  });

  test('ends with its input although something else still runs', async () => {
    const timer = isPython
      ? 'import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()'
      : 'setInterval(() => {}, 1000);';
    const path = await add('lingers', `${timer}\n${serve(upper, texts)}`);
    expect(await runScript(path, 'a\n')).toMatchObject({ stdout: 'A\n', exitCode: 0 });
  });

  test('answers the first rows of a slow function while it works on the others', async () => {
    const code = isPython
      ? `import time\n${serve('lambda text: time.sleep(0.15) or text', texts)}`
      : `const wait = (text) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
  return text;
};
${serve('wait', texts)}`;
    const script = spawn(await add('slow', code));
    const rows = 'abcdefghij'.replaceAll(/./g, '$&\n');
    script.stdin.end(rows);
    const chunks: string[] = [];
    for await (const chunk of script.stdout) chunks.push(String(chunk));
    expect(chunks.join('')).toBe(rows);
    expect(chunks.length).toBeGreaterThan(1);
  });

  test('runs async functions side by side, no more than asked for, and keeps the order of the rows', async () => {
    const code = isPython
      ? `import asyncio, sys
running = 0
async def wait(ms):
    global running
    running += 1
    sys.stderr.write(str(running))
    await asyncio.sleep(ms / 1000)
    running -= 1
    return ms
${serve('wait', { arguments: ['UInt16'], returns: 'UInt16', format: 'TabSeparated' }, 'concurrency=3')}`
      : `let running = 0;
const wait = async (ms) => {
  process.stderr.write(String(++running));
  await new Promise((resolve) => setTimeout(resolve, ms));
  running--;
  return ms;
};
${serve('wait', { arguments: ['UInt16'], returns: 'UInt16', format: 'TabSeparated' }, 'concurrency: 3')}`;
    const rows = [90, 60, 30, 1, 80, 5, 40, 2].map((ms) => `${ms}\n`).join('');
    const { stdout, stderr, exitCode } = await runScript(await add('waits', code), rows);
    expect({ stdout, exitCode }).toEqual({ stdout: rows, exitCode: 0 });
    expect(Math.max(...Array.from(stderr, Number))).toBe(3);
  });

  test('runs async functions side by side on values that do not arrive together', async () => {
    const code = isPython
      ? `import asyncio
running = peak = 0
async def peak_of(text):
    global running, peak
    running += 1
    peak = max(peak, running)
    await asyncio.sleep(0.3)
    running -= 1
    return peak
${serve('peak_of', { arguments: ['String'], returns: 'UInt8', format: 'RowBinary', chunkHeader: true })}`
      : `let running = 0;
let peak = 0;
const peakOf = async () => {
  peak = Math.max(peak, ++running);
  await new Promise((resolve) => setTimeout(resolve, 300));
  running--;
  return peak;
};
${serve('peakOf', { arguments: ['String'], returns: 'UInt8', format: 'RowBinary', chunkHeader: true })}`;
    // 400 000 bytes each, whose length is 0x80 0xb5 0x18 as LEB128.
    const value = Buffer.concat([Buffer.from([0x80, 0xb5, 0x18]), Buffer.alloc(400_000, 'x')]);
    const { stdout } = await runScript(
      await add('peaks', code),
      Buffer.concat([Buffer.from('3\n'), value, value, value]),
    );
    expect(stdout).toBe('\u0003\u0003\u0003');
  });

  test('hands whole blocks to a function of many rows', async () => {
    const types = { arguments: ['UInt8', 'UInt8'], returns: 'UInt16', format: 'TabSeparated', chunkHeader: true };
    const path = isPython
      ? await add('sums', serve('lambda a, b: [sum(a) + n for n in b]', types, 'block=True'))
      : await add(
          'sums',
          serve('(a, b) => b.map((n) => a.reduce((x, y) => x + y) + n)', types).replace('serve(', 'serve.block('),
        );
    const { stdout } = await runScript(path, '3\n1\t10\n2\t20\n3\t30\n1\n5\t5\n');
    expect(stdout).toBe('16\n26\n36\n10\n');
  });

  test('cuts blocks where the function wants fewer rows', async () => {
    const types = { arguments: ['UInt8'], returns: 'UInt8', format: 'RowBinary', chunkHeader: true };
    const path = isPython
      ? await add('sizes', serve('lambda a: [len(a)] * len(a)', types, 'block=True, max_rows=2'))
      : await add(
          'sizes',
          serve('(a) => a.map(() => a.length)', types, 'maxRows: 2').replace('serve(', 'serve.block('),
        );
    expect((await runScript(path, '5\n.....')).stdout).toBe('\u0002\u0002\u0002\u0002\u0001');
  });

  test('reads values much larger than what arrives at a time', async () => {
    const types = {
      arguments: ['Array(Array(String))', 'String'],
      returns: 'Tuple(UInt32, UInt32)',
      format: 'RowBinary',
    };
    const path = isPython
      ? await add('large', serve('lambda a, b: (sum(map(len, a)), len(b))', types))
      : await add('large', serve('(a, b) => [a.flat().length, b.length]', types));
    const inner = Buffer.concat([
      Buffer.from([200, 1]),
      ...Array.from({ length: 200 }, () => Buffer.from('\u0003abc')),
    ]);
    const row = Buffer.concat([
      Buffer.from([0x88, 0x27]),
      ...Array.from({ length: 5000 }, () => inner),
      Buffer.from([0xc0, 0x84, 0x3d]),
      Buffer.alloc(1_000_000, 'é'),
    ]);
    const { stdout, stderr } = await runScript(path, Buffer.concat([row, row]));
    expect(stderr).toBe('');
    const answer = Buffer.from(stdout, 'latin1');
    expect([0, 4, 8, 12].map((at) => answer.readUInt32LE(at))).toEqual([1_000_000, 500_000, 1_000_000, 500_000]);
  });

  test('ends at once at SIGTERM, and says by its exit code whether rows were waiting', async () => {
    const path = await add(
      'waits-long',
      isPython
        ? `import sys, time
def wait(text):
    sys.stderr.write('waiting')
    sys.stderr.flush()
    time.sleep(60)
${serve('wait', texts)}`
        : `const wait = async () => {
  process.stderr.write('waiting');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
};
${serve('wait', texts)}`,
    );
    const idle = spawn(await add('idle', serve(upper, texts)));
    idle.stdin.write('a\n');
    await once(idle.stdout, 'data');
    // Its answer is here a moment before it waits again.
    await sleep(200);
    idle.kill('SIGTERM');
    expect(await once(idle, 'close')).toEqual([0, null]);
    const busy = spawn(path);
    busy.stdin.write('a\n');
    await once(busy.stderr, 'data');
    busy.kill('SIGTERM');
    expect(await once(busy, 'close')).toEqual([143, null]);
  });

  test('ends quietly when nobody reads its answers', async () => {
    const script = spawn(await add('unread', serve(upper, texts)));
    const stderr: string[] = [];
    script.stderr.on('data', (chunk) => stderr.push(String(chunk)));
    script.stdin.on('error', () => {});
    script.stdout.destroy();
    script.stdin.write('a\n'.repeat(1000));
    expect(await once(script, 'close')).toEqual([0, null]);
    expect(stderr.join('')).toBe('');
  });
});
