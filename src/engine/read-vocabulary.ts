import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vocabularyQueries, type EngineVocabulary, type VocabularyName } from '../functions/engine-vocabulary.ts';
import type { Engine } from './engine.ts';

interface NameRow {
  name: string;
  caseInsensitive?: number;
}

/**
 * Asks the engine for the names it knows, for the check of function files. With `cacheFolder` it asks once for each
 * version of ClickHouse (about 40 ms) and keeps the answer in that folder, which is made when missing.
 */
export async function readVocabulary(
  engine: Engine,
  options: { cacheFolder?: string } = {},
): Promise<EngineVocabulary> {
  const { cacheFolder } = options;
  if (cacheFolder === undefined) return askVocabulary(engine);

  const path = join(cacheFolder, `vocabulary-${engine.version}.json`);
  const cached = await readFile(path, 'utf8').catch(() => undefined);
  // Only this function writes the file, and whole or not at all.
  if (cached !== undefined) return JSON.parse(cached) as EngineVocabulary;
  const vocabulary = await askVocabulary(engine);
  // A cache that cannot be written costs time, not the answer.
  await writeWhole(path, JSON.stringify(vocabulary)).catch(() => {});
  return vocabulary;
}

async function askVocabulary(engine: Engine): Promise<EngineVocabulary> {
  const [functions, formats, types] = await Promise.all([
    engine.rows<NameRow>(vocabularyQueries.functions),
    engine.rows<NameRow>(vocabularyQueries.formats),
    engine.rows<NameRow>(vocabularyQueries.types),
  ]);
  return { functions: functions.map(toName), formats: formats.map(({ name }) => name), types: types.map(toName) };
}

async function writeWhole(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}`;
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(part, text);
  await rename(part, path);
}

const toName = (row: NameRow): VocabularyName => ({ name: row.name, caseInsensitive: row.caseInsensitive === 1 });
