import { stat } from 'node:fs/promises';
import { relative, resolve } from 'node:path';

import picomatch from 'picomatch';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** Where images are looked for. */
export interface Place {
  kind: 'folder' | 'file' | 'glob';
  /** The folder that is walked, or the file; absolute. */
  root: string;
  /** Whether a file of this absolute path belongs to the place. */
  includes: (path: string) => boolean;
}

/**
 * Finds what the user means: what exists is taken as it is called, whatever characters are in its name; else it is a
 * glob, of which folders without special characters are the root.
 *
 * @throws FILE_UNUSABLE if there is no such folder, file or root of a glob, or it may not be read
 */
export async function openPlace(given: string): Promise<Place> {
  const root = resolve(given);
  const kind = await kindOf(root);
  if (kind === 'folder') return { kind, root, includes: (path) => path.startsWith(prefixOf(root)) };
  if (kind === 'file') return { kind, root, includes: (path) => path === root };
  const { base, glob, isGlob } = picomatch.scan(given, { unescape: true });
  if (!isGlob) throw unusable(given, `(${kind})`);
  const globRoot = resolve(base);
  const baseKind = await kindOf(globRoot);
  if (baseKind !== 'folder') throw unusable(given, `(there is no folder ${globRoot})`);
  const matches = picomatch(glob);
  return {
    kind: 'glob',
    root: globRoot,
    includes: (path) => path.startsWith(prefixOf(globRoot)) && matches(relative(globRoot, path)),
  };
}

/** What the paths of all files in a folder begin with. */
export function prefixOf(folder: string): string {
  return folder.endsWith('/') ? folder : `${folder}/`;
}

/** Answers the system's name of the error for what cannot be looked at. */
async function kindOf(path: string): Promise<string> {
  try {
    return (await stat(path)).isDirectory() ? 'folder' : 'file';
  } catch (error) {
    return errorName(error);
  }
}

/** The system's name of a file error, such as `ENOENT`. */
export function errorName(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}

function unusable(given: string, reason: string): EmbedhouseError {
  return new EmbedhouseError(
    'FILE_UNUSABLE',
    `'${given}' is not found ${reason}: give a folder of images, an image, or a glob in quotes such as 'photos/**/*.jpg'`,
  );
}
