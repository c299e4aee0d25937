import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestEngine, read } from './open-test-engine.ts';

const program = fileURLToPath(new URL('../fixtures/engine-programs/hold-data-folder.mjs', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Starts a process that holds the folder; resolves with the process id of its pool's script. */
async function hold(dataPath: string): Promise<{ holder: ChildProcess; ended: Promise<unknown>; scriptPid: number }> {
  const holder = spawn('node', [program, dataPath], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const [line] = await once(holder.stdout, 'data');
  return { holder, ended: once(holder, 'close'), scriptPid: Number(line) };
}

test('a folder that another process holds is refused, naming the process and the way out', async () => {
  const dataPath = join(folder, 'data');
  const { holder, ended } = await hold(dataPath);
  await expect(openTestEngine({ dataPath })).rejects.toMatchObject({
    code: 'DATA_FOLDER_IN_USE',
    message: `the data folder ${dataPath} is in use by process ${holder.pid} (node ${program} ${dataPath}); stop that process, or use --data :memory: for a temporary folder`,
  });
  holder.kill('SIGKILL');
  await ended;
});

test('a process that is killed leaves no script behind, and its folder can be opened again', async () => {
  const dataPath = join(folder, 'data');
  const { holder, ended, scriptPid } = await hold(dataPath);
  holder.kill('SIGKILL');
  await ended;
  while (
    await stat(`/proc/${scriptPid}`).then(
      () => true,
      () => false,
    )
  )
    await sleep(20);
  const engine = await openTestEngine({ dataPath });
  expect(await read(engine, 'SELECT 1')).toBe('1\n');
  await engine.close();
});

test('tables are there again when the folder is opened again', async () => {
  const dataPath = join(folder, 'new', 'data');
  const first = await openTestEngine({ dataPath });
  await first.run('CREATE TABLE kept (a UInt8) ENGINE = MergeTree ORDER BY a; INSERT INTO kept VALUES (7)');
  await first.close();
  const second = await openTestEngine({ dataPath });
  expect(await read(second, 'SELECT a FROM kept')).toBe('7\n');
  await second.close();
});

test('a folder that cannot be made is named', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(openTestEngine({ dataPath: join(file, 'data') })).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: expect.stringContaining(join(file, 'data')),
  });
});
