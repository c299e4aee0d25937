import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { ModelFolder } from '../model-folder.ts';
import { type PullRecord, readPullRecord } from './pull-record.ts';

/** Where a model was pulled from, without the list of its files; or what is wrong with the record of that. */
export type Origin = Omit<PullRecord, 'files'> | { readonly problem: string };

/** Reads where a model was pulled from; undefined where it was not pulled. A damaged record is told, and not thrown. */
export async function readOrigin({ path }: Pick<ModelFolder, 'path'>): Promise<Origin | undefined> {
  try {
    const record = await readPullRecord(path);
    if (record === undefined) {
      return undefined;
    }
    const { files: _, ...origin } = record;
    return origin;
  } catch (error) {
    if (error instanceof EmbedhouseError) {
      return { problem: error.message };
    }
    throw error;
  }
}

/** Names in one word where a model came from: what it was pulled from, else what its `config.json` says. */
export function nameOrigin({ source }: Pick<ModelFolder, 'source'>, origin: Origin | undefined): string {
  return origin === undefined || 'problem' in origin ? source : `${origin.repository}@${origin.commit.slice(0, 8)}`;
}
