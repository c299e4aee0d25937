import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Agreement } from './agreement.ts';
import { int8RowReportFile } from './int8-row-files.ts';
import type { ModelFolder } from './model-folder.ts';
import type { Int8RowReport } from './quantize-model.ts';

const agreement = z.object({
  count: z.number(),
  meanCosine: z.number(),
  p1Cosine: z.number(),
  recallAt10: z.number(),
  meanCosineBetweenRows: z.number(),
});
const schema = z.object({ texts: agreement, images: agreement, madeFrom: z.record(z.string(), z.string()) });

/** Reads how well a model's int8-row files agree with its fp32 files; undefined where nothing says so. */
export async function readInt8RowReport({ path }: Pick<ModelFolder, 'path'>): Promise<Int8RowReport | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(join(path, int8RowReportFile), 'utf8')));
  } catch {
    return undefined;
  }
}

/** Over so much, the vectors of different rows are so alike that who is nearest is chance. */
const maxMeanCosineBetweenRows = 0.9;
/** What the `config.json` of a model says that was made for tests or benchmarks. */
const untrained = 'random weights';

/** Whether the recall of an agreement says something: of random weights it does not. */
export function isTelling({ source }: Pick<ModelFolder, 'source'>, { meanCosineBetweenRows }: Agreement): boolean {
  return source !== untrained && meanCosineBetweenRows <= maxMeanCosineBetweenRows;
}
