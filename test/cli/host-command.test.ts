import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterAll(async () => {
  await sandbox.remove();
});

test('status and stop say that no host runs', async () => {
  const hint = "no host runs; it starts with the first hosted function, or with 'embedhouse host start'\n";
  expect(await sandbox.run(['host', 'status'])).toEqual({ exitCode: 1, stdout: '', stderr: hint });
  expect(await sandbox.run(['host', 'status', '--json'])).toEqual({ exitCode: 1, stdout: 'null\n', stderr: '' });
  expect(await sandbox.run(['host', 'stop'])).toEqual({ exitCode: 0, stdout: '', stderr: 'no host runs\n' });
});

test('a host started by hand stays, serves queries, and ends when stopped', async () => {
  const started = await sandbox.run(['host', 'start', '--threads', '1']);
  expect(started).toMatchObject({ exitCode: 0, stderr: '' });
  expect(started.stdout).toMatch(/^ends when idle +no *$/m);
  const { pid, socket, idleTimeoutS } = await sandbox.hostStatus();
  expect({ socket, idleTimeoutS }).toEqual({ socket: join(sandbox.path, 'run/host.sock'), idleTimeoutS: 0 });
  // Only this user may enter.
  expect((await stat(join(sandbox.path, 'run'))).mode & 0o777).toBe(0o700);

  // Starting again finds it.
  expect((await sandbox.run(['host', 'start'])).stdout).toContain(`pid ${pid},`);
  expect(await sandbox.query("SELECT length(encode_text('a'))")).toBe('16\n');
  const status = await sandbox.hostStatus();
  expect(status).toMatchObject({ pid, rows: { text: 1, image: 0, zeroed: 0 }, queue: { interactive: 0, bulk: 0 } });
  const shown = await sandbox.run(['host', 'status']);
  expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^models +tiny-clip text fp32, pid \d+, 1 threads /m);

  const stopped = await sandbox.run(['host', 'stop']);
  expect(stopped).toEqual({ exitCode: 0, stdout: '', stderr: `host ${pid} has ended\n` });
  expect(await sandbox.processes()).toEqual([]);
});

test('a host in the foreground logs to stdout, keeps a second one out, and ends with Ctrl-C', async () => {
  const running = sandbox.start(['host', 'run']);
  const [line] = (await once(running.stdout, 'data')) as [Buffer];
  expect(JSON.parse(line.toString())).toMatchObject({ pid: running.pid, msg: 'host listens' });
  const second = await sandbox.run(['host', 'run']);
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toMatch(/^embedhouse: a model host listens on [^\n]*\n$/);
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({ exitCode: 0, stderr: '' });
});

test('a host started on demand leaves when idle', async () => {
  const running = sandbox.start(['host', 'run', '--on-demand', '--idle-minutes', '0.02']);
  running.stdout.resume();
  expect(await running.ended).toEqual({ exitCode: 0, stderr: '' });
});

test('starting a host by hand makes one that was started on demand stay', async () => {
  expect(await sandbox.query("SELECT length(encode_text('a'))")).toBe('16\n');
  const { pid, idleTimeoutS } = await sandbox.hostStatus();
  expect(idleTimeoutS).toBe(600);
  const kept = await sandbox.run(['host', 'start']);
  expect(kept.stderr).toMatch(/^a host runs already; it stays from now on/);
  expect(await sandbox.hostStatus()).toMatchObject({ pid, idleTimeoutS: 0 });
  expect((await sandbox.run(['host', 'stop'])).exitCode).toBe(0);
});
