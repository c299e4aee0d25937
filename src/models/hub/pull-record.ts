import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { dtypes } from '../dtype.ts';
import { readJsonFile } from '../read-json-file.ts';
import { isPathInside } from './is-path-inside.ts';

/** The record's place in the model folder. */
export const pullRecordFile = 'pulled.json';

const recordSchema = z.object({
  /** The hub's base address. */
  hub: z.string(),
  /** As `owner/name`. */
  repository: z.string(),
  /** The branch, tag or commit that was asked for. */
  revision: z.string(),
  /** The commit that the revision was then; all files are from it. */
  commit: z.string(),
  /** As the model's card says; missing when it does not say. */
  licence: z.string().optional(),
  dtypes: z.array(z.enum(dtypes)),
  /** When the last of the files was pulled (ISO 8601). */
  pulledAt: z.string(),
  /** Each file by its path relative to the model folder; SHA-256 in hexadecimal. */
  files: z.record(
    z.string().refine(isPathInside),
    z.object({ bytes: z.number().int().nonnegative(), sha256: z.string() }),
  ),
});

/** What `embedhouse models pull` wrote down about a model folder. */
export type PullRecord = z.infer<typeof recordSchema>;

/**
 * Reads what was written down when the model in the folder was pulled; undefined when it was not pulled.
 *
 * @throws MODEL_INVALID when the record is damaged; file and field are named.
 */
export async function readPullRecord(folderPath: string): Promise<PullRecord | undefined> {
  const found = await stat(join(folderPath, pullRecordFile)).catch(() => undefined);
  return found === undefined ? undefined : readJsonFile(folderPath, pullRecordFile, recordSchema);
}
