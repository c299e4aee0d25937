import { Writable } from 'node:stream';

import type { Engine } from '../engine/engine.ts';
import { demoQueries, fillDemoTable } from './demo-table.ts';
import type { DemoReport } from './demo-report.ts';
import { renderPictures } from './render-pictures.ts';

export interface DemoOptions {
  engine: Engine;
  /** The model that hosted functions use. */
  model: string;
  /** Where the pictures go; absolute. */
  picturesPath: string;
  report: DemoReport;
  signal: AbortSignal;
}

/**
 * Renders emoji to picture files, embeds them with the bundled model into the table `laion`, builds its vector indexes
 * and runs the documented queries. Run again, it does only what is missing.
 */
export async function runDemo({ engine, model, picturesPath, report, signal }: DemoOptions): Promise<void> {
  const pictures = await renderPictures({ picturesPath, report, signal });
  await fillDemoTable({ engine, model, picturesPath, rows: pictures.length, report, signal });
  const example = pictures.find(({ caption }) => caption === 'pizza') ?? pictures[0];
  for (const { title, sql } of demoQueries(example?.url ?? '')) {
    report.heading(title, sql);
    const startedAt = performance.now();
    const table = await collect(engine, sql, signal);
    report.result(table, (performance.now() - startedAt) / 1000);
  }
}

async function collect(engine: Engine, sql: string, signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await engine.run(sql, { format: 'PrettyCompactMonoBlock', output, signal });
  return Buffer.concat(chunks).toString();
}
