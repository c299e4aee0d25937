import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { listEmoji, type Emoji } from './emoji-catalogue.ts';
import { renderEmoji } from './emoji-pictures.ts';
import type { DemoReport } from './demo-report.ts';

/** One line of `pictures.jsonl`, which the demo's INSERT reads. */
interface PictureLine {
  id: number;
  url: string;
  caption: string;
}

export interface RenderOptions {
  /** Where the files go; absolute. */
  picturesPath: string;
  report: DemoReport;
  signal: AbortSignal;
}

/** sharp works on libuv's four threads; more at once would only hold memory. */
const atOnce = 4;

/**
 * Renders all emoji to files and lists them in `pictures.jsonl`, which is written last: pictures that are listed are
 * not rendered again. Answers the list.
 * @throws QUERY_CANCELLED when the signal fires
 */
export async function renderPictures({ picturesPath, report, signal }: RenderOptions): Promise<PictureLine[]> {
  const emoji = listEmoji();
  const listPath = join(picturesPath, 'pictures.jsonl');
  const known = await readList(listPath, picturesPath);
  if (known.length === emoji.length) {
    return known;
  }
  await mkdir(picturesPath, { recursive: true });
  report.heading(`Render ${emoji.length} emoji to JPEG, PNG and WebP files in ${picturesPath}`);
  const lines: PictureLine[] = [];
  const waiting = [...emoji];
  using progress = report.progress('rendering', emoji.length);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      if (signal.aborted) {
        throw new EmbedhouseError(
          'QUERY_CANCELLED',
          'rendering was cancelled; run the demo again to render the pictures',
        );
      }
      lines.push(await renderPicture(next, picturesPath));
      progress.update(lines.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  lines.sort((a, b) => a.id - b.id);
  await writeFile(`${listPath}.part`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  await rename(`${listPath}.part`, listPath);
  return lines;
}

async function renderPicture(emoji: Emoji, picturesPath: string): Promise<PictureLine> {
  const { fileName, bytes } = await renderEmoji(emoji);
  const url = join(picturesPath, fileName);
  await writeFile(url, bytes);
  return { id: emoji.id, url, caption: emoji.caption };
}

/** Reads a list written before, if it is of this folder and its files are still there. */
async function readList(listPath: string, picturesPath: string): Promise<PictureLine[]> {
  try {
    const text = await readFile(listPath, 'utf8');
    // This module wrote the list.
    const lines = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as PictureLine);
    const found = await Promise.all(
      lines.map(async ({ url }) => url.startsWith(picturesPath) && (await stat(url)).size > 0),
    );
    return found.every(Boolean) ? lines : [];
  } catch {
    return [];
  }
}
