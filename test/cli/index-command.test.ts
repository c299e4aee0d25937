import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let dataPath: string;

beforeEach(async () => {
  sandbox = await makeSandbox();
  dataPath = join(sandbox.path, 'data');
  sandbox.env['EMBEDHOUSE_DATA'] = dataPath;
});
afterEach(async () => sandbox?.remove());

const createTable = async (rows: number): Promise<void> => {
  await sandbox.query(`
    CREATE TABLE t (id Int64, v Array(Float32)) ENGINE = MergeTree ORDER BY id;
    INSERT INTO t SELECT number, arrayMap(i -> toFloat32(sipHash64(number, i) / pow(2, 64) - 0.5), range(128))
    FROM numbers(${rows}) SETTINGS max_block_size = ${rows}, min_insert_block_size_rows = ${rows}`);
};

describe('index estimate', () => {
  it("gives the figures of ClickHouse's page as JSON", async () => {
    const args = ['--rows', '1M', '--dims', '1536', '--m', '64', '--quantization', 'bf16', '--no-measure', '--json'];
    const { exitCode, stdout } = await sandbox.run(['index', 'estimate', ...args]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      columnBytes: 6_144_000_000,
      indexes: [{ quantization: 'bf16', memoryBytes: 3_584_000_000 }],
    });
  });

  it('divides LAION-400M among nodes of a given memory', async () => {
    const args = ['--rows', '410M', '--dims', '512', '--columns', '2', '--memory-per-node', '64G', '--no-measure'];
    const { stdout } = await sandbox.run(['index', 'estimate', ...args]);
    expect(stdout).toContain('410,000,000 vectors of 512 dimensions in each of 2 columns: 1.68 TB');
    // 2 × 410 000 000 × (2 × 512 + 8 × 32) bytes, over 0.8 × 64 GB
    expect(stdout).toMatch(/^bf16 .* 1\.05 TB .* 21$/m);
  });

  it('leaves out what is not possible with the dimensions', async () => {
    const { stdout } = await sandbox.run(['index', 'estimate', '--rows', '1k', '--dims', '12', '--no-measure']);
    expect(stdout).toMatch(/^i8 /m);
    expect(stdout).not.toMatch(/^b1 /m);
  });

  it('takes rows and dimensions from a table and measures a build', async () => {
    await createTable(500);
    const args = ['t', 'v', '--type', 'BFloat16', '--quantization', 'i8', '--json'];
    const { exitCode, stdout } = await sandbox.run(['index', 'estimate', ...args]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      rows: 500,
      dimensions: 128,
      columnBytes: 500 * 128 * 2,
      indexes: [{ quantization: 'i8', buildSeconds: expect.any(Number), nodes: 1 }],
    });
  });

  it.each([
    [['--rows', '1000'], 'give --rows and --dims'],
    [['--rows', '1000', '--dims', '12', '--quantization', 'b1'], 'b1 takes a multiple of 8 dimensions, and not 12'],
    [['--rows', 'many', '--dims', '8'], 'such as 250000, 410M or 410e6'],
    [['--rows', '10', '--dims', '8', '--memory-per-node', 'large'], 'such as 64G or 512Mi'],
  ])('refuses %j', async (args, reason) => {
    const { exitCode, stdout, stderr } = await sandbox.run(['index', 'estimate', ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(reason);
  });
});

describe('index create and status', () => {
  it('build an index and say where it is built', async () => {
    await createTable(500);
    const created = await sandbox.run(['index', 'create', 't', 'v', '--quantization', 'i8', '--threads', '1']);
    expect(created).toMatchObject({ exitCode: 0 });
    expect(created.stdout).toMatch(/^Built the index v_index on t\.v in .*: 500 vectors of 128 dimensions in 1 part,/);
    const { stdout } = await sandbox.run(['index', 'status', 't', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      indexes: [{ name: 'v_index', column: 'v', quantization: 'i8', builtRows: 500, missingRows: 0 }],
      cache: { usedBytes: 0, hits: 0, misses: 0 },
      mutations: [],
    });
    const shown = await sandbox.run(['index', 'status']);
    expect(shown.stdout).toMatch(/^default\.t\.v_index .* i8 .* 100 % .* 1 of 1/m);
  });

  it('say what is wrong in one line', async () => {
    await createTable(10);
    const missing = await sandbox.run(['index', 'create', 'table', 'v']);
    expect(missing).toMatchObject({ exitCode: 2, stderr: "embedhouse: there is no table 'table': there are t\n" });
    const refused = await sandbox.run(['index', 'create', 't', 'id']);
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^embedhouse: column 'id' cannot have a vector index: .*\n$/);
    const mistyped = await sandbox.run(['index', 'create', 't', 'v', '--m', '3200']);
    expect(mistyped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('from 2 to 1000') });
    expect(await sandbox.run(['index', 'status'])).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('go on after the process was killed in the middle of a build', async () => {
    await createTable(30_000);
    const { pid, ended } = sandbox.start(['index', 'create', 't', 'v']);
    await mutationIsWritten();
    process.kill(-pid, 'SIGKILL');
    await ended;
    // What a killed process cannot remove.
    await rm(join(sandbox.path, 'tmp'), { recursive: true });
    await mkdir(join(sandbox.path, 'tmp'));
    const again = await sandbox.run(['index', 'create', 't', 'v']);
    expect(again.stderr).toContain('Going on with the index v_index: 30,000 vectors in 1 part,');
    expect(again).toMatchObject({ exitCode: 0 });
    const { stdout } = await sandbox.run(['index', 'status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ indexes: [{ builtRows: 30_000, missingRows: 0 }], mutations: [] });
  });

  it('leave no trace when Ctrl-C comes before a part is finished', async () => {
    await createTable(30_000);
    const { pid, ended } = sandbox.start(['index', 'create', 't', 'v']);
    await mutationIsWritten();
    process.kill(-pid, 'SIGINT');
    const { exitCode, stderr } = await ended;
    expect(exitCode).toBe(130);
    expect(stderr).toMatch(
      /\nStopping when the vectors in hand are done\nembedhouse: stopped: the table is as it was before\n$/,
    );
    const { stdout } = await sandbox.run(['index', 'status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ indexes: [], mutations: [] });
  });
});

/** ClickHouse writes down what it builds, so that it goes on when it is opened again. */
async function mutationIsWritten(): Promise<void> {
  for (;;) {
    const files = await readdir(dataPath, { recursive: true }).catch(() => []);
    if (files.some((file) => /\/mutation_\d+\.txt$/.test(file))) return;
    await sleep(20);
  }
}
