import { lstat, readdir, stat } from 'node:fs/promises';
import type { BigIntStats, Dirent } from 'node:fs';
import { dirname, extname, basename, join } from 'node:path';

import { errorName, type Place } from './place.ts';
import { readCaption } from './read-caption.ts';

/** A file by the name of an image, as it was before it was read. */
export interface FoundImage {
  path: string;
  bytes: number;
  /** When its content was last changed, in microseconds since 1970. */
  modified: number;
  /** Of the file beside it; '' where there is none. */
  caption: string;
}

/** What is met on the way. */
export type Finding =
  | { type: 'image'; image: FoundImage }
  /** A folder or a caption that could be read. */
  | { type: 'read'; path: string }
  | { type: 'unreadable'; path: string; reason: string }
  /** A picture of a kind that the model host does not decode. */
  | { type: 'leftOut'; extension: string };

/** What the model host decodes. */
const imageExtensions: ReadonlySet<string> = new Set(
  ['jpg', 'jpeg', 'jpe', 'jfif', 'png', 'webp', 'gif', 'avif', 'tif', 'tiff'].map((name) => `.${name}`),
);
/** What people take for images, and would miss. */
const otherExtensions: ReadonlySet<string> = new Set(
  ['heic', 'heif', 'bmp', 'svg', 'jxl', 'jp2', 'psd', 'cr2', 'nef', 'arw', 'dng'].map((name) => `.${name}`),
);

/** Files that are looked at, with their captions, at a time. */
const filesAtOnce = 64;

/**
 * Finds the images of a place with their captions, without hidden files and folders. Links are followed, those to folders last and each folder
 * once, so that links in circles end and what a folder holds is found by its own path. A folder by the name of an image is
 * found as one, too.
 */
export async function* findImages(place: Place, signal: AbortSignal): AsyncGenerator<Finding, void> {
  if (place.kind === 'file') {
    const siblings = await readdir(dirname(place.root)).catch((): string[] => []);
    yield* describeFiles([place.root], new Set(siblings));
    return;
  }
  const visited = new Set<string>();
  const folders = [place.root];
  const linkedFolders: string[] = [];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop() ?? linkedFolders.shift()) {
    signal.throwIfAborted();
    let entries: Dirent[];
    try {
      const { dev, ino } = await stat(folder, { bigint: true });
      if (visited.has(`${dev} ${ino}`)) continue;
      visited.add(`${dev} ${ino}`);
      entries = (await readdir(folder, { withFileTypes: true })).filter(({ name }) => !name.startsWith('.'));
    } catch (error) {
      yield { type: 'unreadable', path: folder, reason: unreadableFolder(folder, error) };
      continue;
    }
    yield { type: 'read', path: folder };
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    const { inner, linked } = await sortFolders(folder, entries);
    folders.push(...inner.toReversed());
    linkedFolders.push(...linked);
    const paths = entries.map(({ name }) => join(folder, name)).filter((path) => place.includes(path));
    yield* describeFiles(paths, new Set(entries.map(({ name }) => name)));
  }
}

async function sortFolders(folder: string, entries: Dirent[]): Promise<{ inner: string[]; linked: string[] }> {
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
  const linked: string[] = [];
  for (const entry of entries.filter((each) => each.isSymbolicLink())) {
    const path = join(folder, entry.name);
    if ((await stat(path).catch(() => undefined))?.isDirectory()) linked.push(path);
  }
  return { inner, linked };
}

async function* describeFiles(paths: string[], siblings: ReadonlySet<string>): AsyncGenerator<Finding, void> {
  const images: string[] = [];
  for (const path of paths) {
    const extension = extname(path).toLowerCase();
    if (imageExtensions.has(extension)) images.push(path);
    if (otherExtensions.has(extension)) yield { type: 'leftOut', extension };
  }
  for (let start = 0; start < images.length; start += filesAtOnce) {
    const chunk = images.slice(start, start + filesAtOnce);
    yield* (await Promise.all(chunk.map(async (path) => describeFile(path, siblings)))).flat();
  }
}

/** Finds nothing where a file has gone meanwhile. A link to nothing, and what may not be looked at, is an image. */
async function describeFile(path: string, siblings: ReadonlySet<string>): Promise<Finding[]> {
  let found: BigIntStats | undefined;
  try {
    found = await stat(path, { bigint: true }).catch(async () => lstat(path, { bigint: true }));
  } catch (error) {
    if (path.includes('\uFFFD')) return [{ type: 'unreadable', path, reason: notUtf8 }];
    if (errorName(error) === 'ENOENT') return [];
  }
  const { caption, findings } = await findCaption(path, siblings);
  const bytes = Number(found?.size ?? 0n);
  const modified = Number((found?.mtimeNs ?? 0n) / 1000n);
  return [...findings, { type: 'image', image: { path, bytes, modified, caption } }];
}

async function findCaption(
  path: string,
  siblings: ReadonlySet<string>,
): Promise<{ caption: string; findings: Finding[] }> {
  const stem = basename(path, extname(path));
  const name = [`${stem}.txt`, `${stem}.json`].find((each) => siblings.has(each));
  if (name === undefined) return { caption: '', findings: [] };
  const captionPath = join(dirname(path), name);
  const read = await readCaption(captionPath);
  if ('caption' in read) return { caption: read.caption, findings: [{ type: 'read', path: captionPath }] };
  return { caption: '', findings: [{ type: 'unreadable', path: captionPath, reason: read.reason }] };
}

/** Node gives the bytes that are none as U+FFFD, by which nothing is found. */
const notUtf8 = 'the name is not UTF-8, by which no table could name it; rename it';

function unreadableFolder(path: string, error: unknown): string {
  const name = errorName(error);
  if (name === 'ENOENT' && path.includes('\uFFFD')) return notUtf8;
  return `the folder cannot be read (${name}), so that its images are not found; change its permissions`;
}
