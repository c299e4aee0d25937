import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { RecallReport } from '../../src/vector-index/recall/recall-report.ts';
import { makeSandbox, programPath, repositoryPath, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox();
  sandbox.env['EMBEDHOUSE_DATA'] = join(sandbox.path, 'data');
  await sandbox.query(`
    CREATE TABLE vectors (
        id UInt64, v Array(Float32), w Array(Float32),
        INDEX v_index v TYPE vector_similarity('hnsw', 'cosineDistance', 16, 'bf16', 32, 128)
    ) ENGINE = MergeTree ORDER BY id;
    INSERT INTO vectors
    SELECT number, arrayMap(i -> toFloat32(sipHash64(number, i) / pow(2, 64) - 0.5), range(16)), []
    FROM numbers(2000)`);
});
afterAll(async () => sandbox.remove());

const recall = ['index', 'recall', 'vectors', 'v', '--queries', '20'];

test('prints a table with the exact search first and the default marked', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run([...recall, '--ef', '16', '--fetch-multiplier', '4']);
  expect(stderr).toBe('');
  expect(exitCode).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe(
    'default.vectors.v: 2000 rows, 16 dimensions, cosineDistance, index v_index (bf16, m 32, ef at construction 128)',
  );
  expect(lines[1]).toBe('20 vectors to search for: rows of the table');
  expect(lines[3]).toMatch(/^ef +rescoring +fetch +recall@10 +median ms +p99 ms +speed-up$/);
  expect(lines.slice(4).map((line) => line.split(/ {2,}/).slice(0, 3))).toMatchObject([
    ['exact', '1', expect.stringMatching(/^\d+\.\d\d$/)],
    ['16', 'no', '× 1'],
    ['256', 'no', '× 1'],
    ['16', 'yes', '× 4'],
    ['256', 'yes', '× 4'],
    [''],
  ]);
  expect(lines.filter((line) => line.endsWith('← default'))).toEqual([expect.stringMatching(/^256 +no /)]);
});

test('gives all figures as JSON, and draws them', async () => {
  const plot = join(sandbox.path, 'recall.svg');
  const { exitCode, stdout, stderr } = await sandbox.run([...recall, '--ef', '64', '--json', '--plot', plot]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: `Plotted to ${plot}\n` });
  // The program's own type of what it prints.
  const report = JSON.parse(stdout) as RecallReport;
  expect(report).toMatchObject({ table: 'default.vectors', column: 'v', rows: 2000, k: 10, queries: 20 });
  expect(report.indexes[0]?.results.length).toBe(6);
  expect(await readFile(plot, 'utf8')).toMatch(/^<svg [^]*recall@10 over latency: default\.vectors\.v[^]*<\/svg>\n$/);
});

test('compares quantizations, with what each costs', async () => {
  const args = ['--quantization', 'bf16,b1', '--sample', '500', '--ef', '16', '--queries', '5'];
  const { exitCode, stdout, stderr } = await sandbox.run(['index', 'recall', 'vectors', 'v', ...args]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^default\.vectors\.v: a sample of 500 rows, 16 dimensions, .*, indexes with m 32/);
  expect(stdout).toMatch(/^quantization +build s +on disk +in memory\nbf16 .*\nb1 .*\n\nquantization +ef /m);
});

test.each([
  [['--ef', '16,0'], 'expected whole numbers from 1 to 1000000'],
  [['--fetch-multiplier', '0.5'], 'expected numbers from 1 to 1000'],
  [['--quantization', 'f8'], 'expected all, or of f64, f32, f16, bf16, i8, b1'],
  [['--quantization', 'all', '--filter', '1'], '--filter and --quantization are not possible together'],
  [['--k', '0'], 'expected a whole number'],
  [['--queries', '10001'], 'expected at most 10000'],
])('refuses %j', async (flags, message) => {
  const { exitCode, stdout, stderr } = await sandbox.run([...recall, ...flags]);
  expect(stderr).toContain(message);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
});

test.each([
  [['index', 'recall', 'vector', 'v'], 2, "there is no table 'vector': did you mean 'vectors'?"],
  [['index', 'recall', 'vectors', 'u'], 2, "table 'vectors' has no column 'u'"],
  [['index', 'recall', 'vectors', 'w'], 2, 'create one with: embedhouse index create vectors w'],
  [['index', 'recall', 'vectors', 'id'], 1, "column 'id' cannot have a vector index"],
])('says what is wrong with %j, in one line', async (args, exitCode, message) => {
  const answer = await sandbox.run(args);
  expect(answer.stderr).toMatch(/^embedhouse: [^\n]*\n$/);
  expect(answer.stderr).toContain(message);
  expect(answer).toMatchObject({ exitCode, stdout: '' });
});

test('refuses a plot that cannot be written before it measures', async () => {
  const { exitCode, stdout, stderr } = await sandbox.run([...recall, '--plot', join(sandbox.path, 'none/plot.svg')]);
  expect(stderr).toMatch(/^embedhouse: cannot write '[^']*none\/plot\.svg': ENOENT[^\n]*\n$/);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
});

test('shows on a terminal how long it will take, and prints on Ctrl-C what has been measured', async () => {
  const plot = join(sandbox.path, 'stopped.svg');
  // Thousands of values of ef: it measures until it is stopped.
  const efs = Array.from({ length: 3000 }, (_, at) => at + 16).join(',');
  const spawn = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';
  const running = execa(
    'python3',
    ['-c', spawn, process.execPath, programPath, ...recall, '--ef', efs, '--plot', plot],
    { cwd: repositoryPath, env: { ...sandbox.env, TERM: 'xterm' }, extendEnv: false, reject: false, stdin: 'pipe' },
  );
  let shown = '';
  let isStopped = false;
  running.stdout.on('data', (chunk: Buffer) => {
    shown += chunk.toString();
    // At a later value of ef than the first, which is then measured.
    if (!isStopped && /v_index: ef (?:1[7-9]|[2-9]\d|\d{3,})/.test(shown)) {
      isStopped = true;
      running.stdin.write('\u0003');
    }
  });
  const { exitCode } = await running;
  expect(exitCode).toBe(130);
  expect(shown).toMatch(/\d+ of 180\d{3} searches \| \d+ (?:s|min) left \| v_index: ef \d+/);
  expect(shown).toMatch(/^16 +no +× 1 /m);
  expect(shown).toContain('embedhouse: stopped; the figures are those of what had been measured');
  await access(plot);
});
