import { basename, join } from 'node:path';

import type { Engine } from '../engine/engine.ts';
import { quoteString } from '../engine/quote-string.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { DemoReport } from './demo-report.ts';

/** The table as ClickHouse's page on LAION-400M documents it; its comment says whose vectors it holds. */
const createTable = (comment: string): string => `CREATE TABLE IF NOT EXISTS laion
(
    id Int64,
    url String,
    caption String,
    NSFW String,
    similarity Float32,
    image_embedding Array(Float32),
    text_embedding Array(Float32)
)
ENGINE = MergeTree
ORDER BY id
COMMENT ${quoteString(comment)}`;

const commentPrefix = 'embedhouse demo, vectors of ';

/** Small blocks, so that the progress bar moves; one part, so that one index is built. */
const insertRows = `INSERT INTO laion
SELECT id, url, caption, 'UNLIKELY', 1 - cosineDistance(image_embedding, text_embedding), image_embedding, text_embedding
FROM
(
    SELECT id, url, caption, encode_image(url) AS image_embedding, encode_text(caption) AS text_embedding
    FROM file({list:String}, JSONEachRow, 'id Int64, url String, caption String')
)
SETTINGS max_block_size = 64, max_insert_threads = 1, min_insert_block_size_rows = 100000`;

const indexes = [
  { name: 'image_index', column: 'image_embedding' },
  { name: 'text_index', column: 'text_embedding' },
] as const;

export interface DemoTableOptions {
  engine: Engine;
  /** The model that hosted functions use. */
  model: string;
  picturesPath: string;
  rows: number;
  report: DemoReport;
  signal: AbortSignal;
}

/**
 * Creates and fills the table `laion` and builds its two vector indexes; what is there already stays.
 * @throws QUERY_FAILED if there is a table of that name which is not the demo's
 */
export async function fillDemoTable({
  engine,
  model,
  picturesPath,
  rows,
  report,
  signal,
}: DemoTableOptions): Promise<void> {
  const comment = `${commentPrefix}${model}`;
  await engine.run(createTable(comment), { signal });
  // Another table of that name may have no column `url`: the rows are counted afterwards.
  const [table] = await engine.rows<{ comment: string }>(
    "SELECT comment FROM system.tables WHERE database = currentDatabase() AND name = 'laion'",
  );
  if (!table?.comment.startsWith(commentPrefix)) {
    throw new EmbedhouseError(
      'QUERY_FAILED',
      "the data folder has a table 'laion' that is not this demo's: run the demo on another one, for instance with --data demo/data",
    );
  }
  const [found] = await engine.rows<{ ours: number; others: number }>(
    // A picture's file name as `renderEmoji` makes it, in whatever folder: the home may have moved.
    `SELECT countIf(startsWith(url, {path:String})) AS ours,
        countIf(NOT match(url, '/[0-9]{4}-[^/]+[.](jpg|png|webp)$')) AS others
    FROM laion`,
    { params: { path: join(picturesPath, '/') } },
  );
  if (found?.ours !== rows || table.comment !== comment) {
    if (found !== undefined && found.others > 0) {
      throw new EmbedhouseError(
        'QUERY_FAILED',
        `the demo's table 'laion' would be filled anew, but ${found.others} of its rows are of other pictures: run the demo on another data folder, for instance with --data demo/data, or drop the table`,
      );
    }
    report.heading('Fill the table: one INSERT … SELECT computes both embeddings', insertRows);
    await engine.run(`TRUNCATE TABLE laion; ALTER TABLE laion MODIFY COMMENT ${quoteString(comment)}`, { signal });
    using progress = report.progress('embedding', rows);
    await engine.run(insertRows, {
      params: { list: join(picturesPath, 'pictures.jsonl') },
      signal,
      onProgress: ({ readRows }) => progress.update(Math.min(readRows, rows)),
    });
    progress.update(rows);
  }
  await buildIndexes({ engine, report, signal });
}

async function buildIndexes({
  engine,
  report,
  signal,
}: Pick<DemoTableOptions, 'engine' | 'report' | 'signal'>): Promise<void> {
  const present = await engine.rows<{ name: string }>(
    "SELECT name FROM system.data_skipping_indices WHERE table = 'laion' AND database = currentDatabase() AND data_uncompressed_bytes > 0",
  );
  const missing = indexes.filter(({ name }) => !present.some((index) => index.name === name));
  if (missing.length === 0) {
    return;
  }
  const statements = missing.flatMap(({ name, column }) => [
    `ALTER TABLE laion ADD INDEX IF NOT EXISTS ${name} ${column} TYPE vector_similarity('hnsw', 'cosineDistance', 512, 'bf16', 64, 256)`,
    `ALTER TABLE laion MATERIALIZE INDEX ${name} SETTINGS mutations_sync = 2`,
  ]);
  report.heading('Build the vector indexes', statements.join(';\n'));
  using progress = report.progress('indexing', statements.length);
  for (const [index, statement] of statements.entries()) {
    await engine.run(statement, { signal });
    progress.update(index + 1);
  }
}

/** A statement of the tour, and what it shows. */
export interface DemoQuery {
  title: string;
  sql: string;
}

/** The queries of the documentation, on the demo's table. */
export function demoQueries(exampleImage: string): DemoQuery[] {
  const image = quoteString(exampleImage);
  const nearest = (select: string, distance: string, settings = ''): string =>
    `SELECT ${select}\nFROM laion\nORDER BY ${distance}\nLIMIT 5${settings}`;
  const toImages = "cosineDistance(image_embedding, encode_text('a dog and a cat'))";
  return [
    {
      title: 'Text to image: pictures that show it',
      sql: nearest(`caption, round(${toImages}, 4) AS distance`, toImages),
    },
    {
      title: 'Text to text: captions that say something like it',
      sql: nearest('caption', "cosineDistance(text_embedding, encode_text('a birthday party'))"),
    },
    {
      title: `Image to image: pictures like ${basename(exampleImage)}`,
      sql: nearest('caption', `cosineDistance(image_embedding, encode_image(${image}))`),
    },
    {
      title: 'The same search, exact: every row compared, no index',
      sql: nearest(
        'caption',
        `cosineDistance(image_embedding, encode_image(${image}))`,
        '\nSETTINGS use_skip_indexes = 0',
      ),
    },
    {
      title: 'What ClickHouse does: the vector index finds the rows',
      sql: `EXPLAIN indexes = 1\n${nearest('caption', toImages)}`,
    },
  ];
}
