import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** A line of what scripts/fixtures/clip-texts.py recorded from OpenAI's `clip`. */
export interface RecordedText {
  text: string;
  ids: number[];
  /** The steps by which ftfy changed the text, beyond composing it. */
  ftfy?: string[];
  /** Where ftfy makes a difference to the ids, those without it. */
  idsWithoutFtfy?: number[];
}

const path = fileURLToPath(new URL('../fixtures/clip-texts/texts.jsonl.gz', import.meta.url));

/** Reads the texts with CLIP's ids, empty text first. */
export async function readRecordedTexts(): Promise<RecordedText[]> {
  const lines = gunzipSync(await readFile(path))
    .toString()
    .trimEnd()
    .split('\n');
  return lines.map((line): RecordedText => JSON.parse(line));
}
