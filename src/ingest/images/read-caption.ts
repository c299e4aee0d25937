import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

import { errorName } from './place.ts';

/** No caption is longer; what is longer is something else. */
const maxCaptionBytes = 1024 * 1024;

/**
 * Reads the caption beside an image as img2dataset leaves it: a text, or JSON with a `caption`. It is '' where there is
 * none: an empty text, or JSON of something else.
 *
 * @returns the caption, or why the file cannot be read, which is to be told
 */
export async function readCaption(path: string): Promise<{ caption: string } | { reason: string }> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await readSmallFile(path));
  } catch (error) {
    return { reason: `the caption cannot be read (${describe(error)}); make it a text in UTF-8 of at most 1 MiB` };
  }
  if (!path.endsWith('.json')) return { caption: text.trim() };
  try {
    const parsed: unknown = JSON.parse(text);
    const caption = typeof parsed === 'object' && parsed !== null && 'caption' in parsed ? parsed.caption : undefined;
    // JSON can hold half of a surrogate pair, which a table cannot.
    return { caption: typeof caption === 'string' ? Buffer.from(caption).toString().trim() : '' };
  } catch {
    return { reason: 'the caption cannot be read, because the file is not JSON; repair or remove it' };
  }
}

async function readSmallFile(path: string): Promise<Buffer> {
  // Without O_NONBLOCK, opening a pipe waits for its writer.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = await file.stat();
    if (!found.isFile()) throw new Error('it is no file');
    if (found.size > maxCaptionBytes) throw new Error(`it has ${found.size} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function describe(error: unknown): string {
  if (error instanceof TypeError) return 'it is not UTF-8';
  return error instanceof Error && 'code' in error ? errorName(error) : String(error).replace(/^Error: /, '');
}
