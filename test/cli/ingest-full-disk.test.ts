import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, programPath, repositoryPath, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let source: string;

/** Only root may mount a disk of its own. */
const canMount = await execa('sh', ['-c', 'd=$(mktemp -d) && mount -t tmpfs none "$d" && umount "$d" && rmdir "$d"'], {
  reject: false,
}).then(({ exitCode }) => exitCode === 0);

beforeAll(async () => {
  sandbox = await makeSandbox();
  source = join(sandbox.path, 'parts');
  const generator = join(repositoryPath, 'scripts/write-laion-parts.mjs');
  await execa(process.execPath, [generator, source, '--parts', '3', '--rows', '4000', '--dims', '8']);
  // 100 texts of 10 000 letters, each of them 40 times: 40 MB in the table, which finds no repetition so far apart.
  await sandbox.query(`INSERT INTO FUNCTION file('${source}/metadata_1.parquet', Parquet)
    WITH arrayMap(i -> randomPrintableASCII(10000, i), range(100)) AS texts
    SELECT toString(number) AS url, texts[1 + cityHash64(number) % 100] AS caption, '' AS NSFW, 0.3 AS similarity
    FROM numbers(4000) SETTINGS engine_file_truncate_on_insert = 1`);
});

afterAll(async () => {
  await sandbox.remove();
});

const contents = `SELECT intDiv(id, 100000000) AS part, count(), uniqExact(id) FROM laion GROUP BY part ORDER BY part;
  SELECT name FROM system.tables WHERE database = 'default' ORDER BY name`;
const part0 = '0\t4000\t4000\nlaion\nlaion_parts\n';
const all = '0\t4000\t4000\n1\t4000\t4000\n2\t4000\t4000\nlaion\nlaion_parts\n';

const ingest = async (dataPath: string): ReturnType<Sandbox['run']> =>
  sandbox.run(['--data', dataPath, 'ingest', 'laion', source]);
const query = async (dataPath: string): Promise<string> =>
  sandbox.query(contents, { env: { EMBEDHOUSE_DATA: dataPath } });

const failure = (reason: RegExp): RegExp =>
  new RegExp(
    String.raw`^part 0: 4,000 rows in .*\nembedhouse: part 1 could not be loaded: ${reason.source}; parts that are loaded stay loaded; run the same command again to go on\n$`,
  );

test.skipIf(!canMount)(
  'a disk that gets full is named, the part is not there, and with more room the load goes on [needs root: mounts a disk]',
  async () => {
    const disk = join(sandbox.path, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'none', disk]);
    try {
      const dataPath = join(disk, 'data');
      const { exitCode, stderr } = await ingest(dataPath);
      expect(stderr).toMatch(failure(/(?:the table's disk is full|Cannot reserve) .*/));
      expect(exitCode).toBe(1);
      expect(await query(dataPath)).toBe(part0);

      await execa('mount', ['-o', 'remount,size=200m', disk]);
      expect((await ingest(dataPath)).exitCode).toBe(0);
      expect(await query(dataPath)).toBe(all);
    } finally {
      await execa('umount', [disk]);
    }
  },
);

test.skipIf(!canMount)(
  'a disk without room for a part is named before it is filled [needs root: mounts a disk]',
  async () => {
    const disk = join(sandbox.path, 'small');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=15m', 'none', disk]);
    try {
      const { exitCode, stderr } = await ingest(join(disk, 'data'));
      expect(stderr).toMatch(
        /^embedhouse: part 0 could not be loaded: it takes about 1\d\.?\d* MB, and the table's disk has 1\d\.?\d* MB free: make room/,
      );
      expect(exitCode).toBe(1);
    } finally {
      await execa('umount', [disk]);
    }
  },
);

test.skipIf(!canMount)(
  'images are not written to a full disk, and are with more room [needs root: mounts a disk]',
  async () => {
    const disk = join(sandbox.path, 'images-disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=15m', 'none', disk]);
    try {
      const picture = join(fixturesPath, 'images/black-and-white.png');
      const load = async (): ReturnType<Sandbox['run']> =>
        sandbox.run(['--data', join(disk, 'data'), 'ingest', 'images', picture, '--json'], { env: tinyModel });
      const full = await load();
      expect(full.stderr).toMatch(/^embedhouse: the table's disk is full \(1\d\.?\d* MB are free\): make room/);
      expect(full.exitCode).toBe(1);

      await execa('mount', ['-o', 'remount,size=200m', disk]);
      expect(JSON.parse((await load()).stdout)).toMatchObject({ new: 1, failed: 0 });
    } finally {
      await execa('umount', [disk]);
    }
  },
);

test('a part whose files cannot be written whole is named and not there, though ClickHouse says nothing', async () => {
  const dataPath = join(sandbox.path, 'limited');
  // No file may be larger than 20 MB, and the signal that says so is ignored.
  const limited = 'trap \'\' XFSZ; ulimit -f 20000; exec "$@"';
  const { exitCode, stderr } = await execa(
    'bash',
    ['-c', limited, 'bash', process.execPath, programPath, '--data', dataPath, 'ingest', 'laion', source],
    {
      cwd: repositoryPath,
      env: sandbox.env,
      extendEnv: false,
      reject: false,
      stripFinalNewline: false,
      stdin: 'ignore',
    },
  );
  expect(stderr).toMatch(
    failure(/its rows could not be written whole: see whether the disk is full, or has a limit for you/),
  );
  expect(exitCode).toBe(1);
  expect(await query(dataPath)).toBe(part0);

  expect((await ingest(dataPath)).exitCode).toBe(0);
  expect(await query(dataPath)).toBe(all);
});
