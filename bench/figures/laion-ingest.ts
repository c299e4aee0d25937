import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import type { Bench } from '../bench.ts';
import { writeLaionPart, type LaionFolder } from '../data/laion-parts.ts';
import type { Figure, Measurement, Skipped } from '../figure.ts';
import { measureRun, type MeasuredRun } from '../processes/measured-run.ts';
import { programPath, repositoryPath } from '../repository-path.ts';
import { ratios } from '../statistics.ts';

const mebibyte = 1024 * 1024;
/** Between these two sizes, memory should hardly differ. */
const fewRows = 50_000;
const manyRows = 200_000;

/** One part of LAION from its files to rows in a table, beside the way through pandas and CSV, and beside the disk. */
export const laionFigure: Figure = {
  name: 'laion',
  measure: async (bench) => {
    const few = await writeLaionPart(fewRows, bench.signal);
    const many = await writeLaionPart(manyRows, bench.signal);
    const loads: Record<'few' | 'many', MeasuredRun[]> = { few: [], many: [] };
    const reads: number[] = [];
    // The first run pays for what is not in the page cache.
    await ingest(bench, few);
    for (let round = 1; round <= bench.settings.rounds; round++) {
      bench.progress(`round ${round} of ${bench.settings.rounds}`);
      reads.push(await readFiles(many));
      loads.many.push(await ingest(bench, many));
      loads.few.push(await ingest(bench, few));
    }
    return [...compareWithDisk(many, loads, reads), ...(await compareWithCsv(bench, many, loads.many))];
  },
};

const rates = (folder: LaionFolder, runs: readonly MeasuredRun[]): number[] =>
  runs.map(({ seconds }) => folder.rows / seconds);
const peaks = (runs: readonly MeasuredRun[]): number[] => runs.map(({ peakBytes }) => peakBytes / mebibyte);

function compareWithDisk(
  many: LaionFolder,
  loads: Record<'few' | 'many', readonly MeasuredRun[]>,
  reads: readonly number[],
): Measurement[] {
  return [
    {
      what: `rows/s of embedhouse ingest laion, one part of ${manyRows} rows, the whole command`,
      unit: 'rows/s',
      samples: rates(many, loads.many),
      parts: { seconds: loads.many.map(({ seconds }) => seconds), 'peak MiB': peaks(loads.many) },
    },
    {
      what: 'the same over reading the files (page cache), in time',
      unit: 'x',
      samples: ratios(
        loads.many.map(({ seconds }) => seconds),
        reads,
      ),
      parts: { 'reading, seconds': reads },
      notes: [
        `${Math.round(many.bytes / mebibyte)} MiB of float16 and parquet; the table's vectors are twice as large`,
      ],
    },
    {
      what: `peak memory with ${manyRows} rows over that with ${fewRows}`,
      unit: 'x',
      samples: ratios(peaks(loads.many), peaks(loads.few)),
      target: { atMost: 1.2 },
      parts: { [`peak MiB, ${manyRows} rows`]: peaks(loads.many), [`peak MiB, ${fewRows} rows`]: peaks(loads.few) },
    },
  ];
}

async function compareWithCsv(
  bench: Bench,
  folder: LaionFolder,
  loads: readonly MeasuredRun[],
): Promise<(Measurement | Skipped)[]> {
  const what = 'rows/s over pandas → CSV → INSERT, as ClickHouse documents it';
  const python = process.env['EMBEDHOUSE_BENCH_PYTHON'] ?? 'python3';
  const { exitCode } = await execa(python, ['-c', 'import numpy, pandas, pyarrow'], {
    reject: false,
    stderr: 'ignore',
  });
  if (exitCode !== 0) {
    return [
      { what, skipped: `${python} has no numpy, pandas and pyarrow; name one that has with EMBEDHOUSE_BENCH_PYTHON` },
    ];
  }
  bench.progress('pandas → CSV → INSERT, once: two to four minutes');
  const csv = join(bench.workspace.path, 'laion.csv');
  const data = join(bench.workspace.path, 'csv-data');
  try {
    const writing = await measureRun(bench, python, [join(repositoryPath, 'bench/laion_csv.py'), folder.path, csv]);
    const sql = `${documentedTable}; INSERT INTO laion FROM INFILE '${csv}' FORMAT CSV`;
    const inserting = await measureRun(bench, process.execPath, [programPath, 'query', '--data', data, sql]);
    const seconds = writing.seconds + inserting.seconds;
    const peak = Math.max(writing.peakBytes, inserting.peakBytes);
    return [
      {
        what,
        unit: 'x',
        samples: loads.map((load) => seconds / load.seconds),
        target: { atLeast: 10 },
        parts: { 'pandas to CSV, seconds': [writing.seconds], 'INSERT of the CSV, seconds': [inserting.seconds] },
        notes: ['the documented way was measured once'],
      },
      {
        what: 'peak memory over that of pandas → CSV → INSERT',
        unit: 'x',
        samples: loads.map((load) => load.peakBytes / peak),
        target: { atMost: 0.1 },
        parts: { 'pandas, peak MiB': peaks([writing]), 'INSERT of the CSV, peak MiB': peaks([inserting]) },
      },
    ];
  } finally {
    await rm(csv, { force: true });
    await rm(data, { recursive: true, force: true });
  }
}

const documentedTable = `CREATE TABLE laion (id Int64, url String, caption String, NSFW String, similarity Float32,
  image_embedding Array(Float32), text_embedding Array(Float32)) ENGINE = MergeTree ORDER BY id`;

async function ingest(bench: Bench, folder: LaionFolder): Promise<MeasuredRun> {
  const data = join(bench.workspace.path, 'laion-data');
  try {
    return await measureRun(bench, process.execPath, [programPath, 'ingest', 'laion', folder.path, '--data', data]);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** Reads the files to their ends, and says how many seconds that took. */
async function readFiles({ files }: LaionFolder): Promise<number> {
  const start = performance.now();
  for (const file of files) {
    for await (const _ of createReadStream(file, { highWaterMark: mebibyte }));
  }
  return (performance.now() - start) / 1000;
}
