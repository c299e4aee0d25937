import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

import { makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterEach(async () => {
  expect({ temporary: await readdir(join(sandbox.path, 'tmp')), processes: await left() }).toEqual({
    temporary: [],
    processes: [],
  });
});

afterAll(async () => {
  await sandbox.remove();
});

/** The processes that are still there when each has had the time to end. */
async function left(): Promise<string[]> {
  let processes = await sandbox.processes();
  for (let waits = 0; processes.length > 0 && waits < 60; waits++) {
    await sleep(50);
    processes = await sandbox.processes();
  }
  return processes;
}

const quick = ['--texts', '40', '--images', '8', '--seconds', '0.1'];
const bench = (...args: string[]): string[] => ['models', 'bench', ...args, ...quick];

test('shows a row for texts and one for images', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run(bench('tiny-clip'));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const [head, ...rows] = stdout.trimEnd().split('\n');
  expect(head).toMatch(/^what +dtype +threads +loaded in +ms alone +rows in bulk +rows\/s +tokens\/s *$/);
  expect(rows).toEqual([
    expect.stringMatching(/^texts +fp32 +\d+ +\d+ ms +\d+\.\d\d +\d+ +\d+\.\d +\d+ *$/),
    expect.stringMatching(/^images +fp32 +\d+ +\d+ ms +\d+\.\d\d +\d+ +\d+\.\d *$/),
  ]);
});

const rows = {
  loadMs: expect.any(Number),
  aloneCalls: expect.any(Number),
  msAlone: expect.any(Number),
  bulkRows: expect.any(Number),
  bulkRowsPerSecond: expect.any(Number),
};

test.each([
  ['texts only', 'tiny-bert-mean', { texts: { ...rows, bulkTokensPerSecond: expect.any(Number) } }],
  ['images only', 'tiny-dino', { images: rows }],
])('as JSON, a model of %s has those alone, in counts that are possible', async (_, model, measured) => {
  const { exitCode, stdout, stderr } = await sandbox.run(bench(model, '--json'));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const answer: Record<string, { aloneCalls: number; bulkRows: number }> = JSON.parse(stdout);
  expect(answer).toEqual({ model, dtype: 'fp32', threads: expect.any(Number), ...measured });
  for (const what of Object.keys(measured)) {
    const most = what === 'texts' ? 40 : 8;
    expect(answer[what]?.aloneCalls).toBeLessThanOrEqual(most);
    // Whole calls of the same rows, of which the last one may end late.
    expect(answer[what]?.bulkRows).toBeGreaterThan(0);
  }
});

test('Ctrl-C ends it with one line and 130', async () => {
  const running = sandbox.start(['models', 'bench', 'tiny-clip', '--seconds', '60']);
  running.stdout.resume();
  while (!(await sandbox.processes()).some((process) => process.includes('encoder-process'))) {
    await sleep(50);
  }
  await sleep(500);
  // A terminal sends it to the whole group.
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({ exitCode: 130, stderr: 'embedhouse: the measurement was stopped\n' });
});

test('a model, dtype or number that is none is refused', async () => {
  const missing = await sandbox.run(bench('not-there'));
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^embedhouse: model 'not-there' is not installed [^\n]*\n$/);
  const lacking = await sandbox.run(bench('tiny-clip', '--dtype', 'q8'));
  expect(lacking).toMatchObject({ exitCode: 1, stdout: '' });
  expect(lacking.stderr).toMatch(/^embedhouse: encodeText: model 'tiny-clip' has no q8 files [^\n]*\n$/);
  expect((await sandbox.run(['models', 'bench', 'tiny-clip', '--seconds', '0'])).exitCode).toBe(2);
  expect((await sandbox.run(['models', 'bench', 'tiny-clip', '--dtype', 'fp23'])).exitCode).toBe(2);
});
