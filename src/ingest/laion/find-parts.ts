import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { LaionPart, LeftOutPart } from './laion-part.ts';

/** How deep folders are looked into: `embeddings/img_emb/img_emb_0.npy` is found from the folder above. */
const maxDepth = 3;

const kinds = {
  img_emb: { extension: 'npy', field: 'imagePath' },
  text_emb: { extension: 'npy', field: 'textPath' },
  metadata: { extension: 'parquet', field: 'metadataPath' },
} as const;
type Kind = keyof typeof kinds;

const fileName = /^(?<kind>img_emb|text_emb|metadata)_(?<number>\d{1,9})\.(?<extension>npy|parquet)$/;

/**
 * Finds parts by the names of their files, zero-padded or not, in the folder and the folders in it. Parts that lack a
 * file, or have one twice, come as left out.
 *
 * @param isWanted says whether a part of that number is looked for
 * @throws EmbedhouseError `FILE_UNUSABLE` when the folder cannot be read or holds no part that is wanted
 */
export async function findParts(
  folder: string,
  isWanted: (number: number) => boolean = () => true,
): Promise<{ parts: LaionPart[]; leftOut: LeftOutPart[] }> {
  const found = new Map<number, Map<Kind, string[]>>();
  for (const path of await listFiles(resolve(folder), 0)) {
    const { kind, number, extension } = fileName.exec(basename(path))?.groups ?? {};
    if (!isKind(kind) || kinds[kind].extension !== extension || !isWanted(Number(number))) continue;
    const part = found.get(Number(number)) ?? new Map<Kind, string[]>();
    found.set(Number(number), part.set(kind, [...(part.get(kind) ?? []), path]));
  }
  if (found.size === 0) {
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `no such part is in ${folder}: expected img_emb_0.npy, text_emb_0.npy and metadata_0.parquet, in it or in folders img_emb, text_emb and metadata`,
    );
  }
  const parts: LaionPart[] = [];
  const leftOut: LeftOutPart[] = [];
  for (const [number, paths] of [...found].toSorted(([first], [second]) => first - second)) {
    const files = new Map<Kind, string[]>();
    for (const [kind, several] of paths) files.set(kind, await withoutSame(several));
    const reason = reasonAgainst(files);
    if (reason !== undefined) leftOut.push({ number, reason });
    else {
      const pathOf = (kind: Kind): string => files.get(kind)?.[0] ?? '';
      parts.push({
        number,
        imagePath: pathOf('img_emb'),
        textPath: pathOf('text_emb'),
        metadataPath: pathOf('metadata'),
      });
    }
  }
  return { parts, leftOut };
}

function isKind(name: string | undefined): name is Kind {
  return name !== undefined && Object.hasOwn(kinds, name);
}

function reasonAgainst(files: ReadonlyMap<Kind, readonly string[]>): string | undefined {
  const missing = Object.entries(kinds).filter(([kind]) => !files.has(kind as Kind)); // entries forgets the names.
  if (missing.length > 0) {
    const names = missing.map(([kind, { extension }]) => `${kind}_….${extension}`).join(' and ');
    return `it has no ${names} beside ${[...files.values()]
      .flat()
      .map((path) => basename(path))
      .join(' and ')}`;
  }
  const twice = [...files.values()].find((paths) => paths.length > 1);
  if (twice !== undefined) {
    return `it has ${twice.length} files of one kind, ${twice.join(' and ')}: leave one of them`;
  }
  return undefined;
}

/** Drops paths by which links lead to a file that is there already. */
async function withoutSame(paths: readonly string[]): Promise<string[]> {
  if (paths.length === 1) return [...paths];
  const byFile = new Map<string, string>();
  for (const path of paths) {
    const file = await realpath(path).catch(() => path);
    if (!byFile.has(file)) byFile.set(file, path);
  }
  return [...byFile.values()];
}

async function listFiles(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: Error) => {
    if (depth > 0) return [];
    throw new EmbedhouseError('FILE_UNUSABLE', `the folder ${folder} cannot be read (${cause.message})`, { cause });
  });
  const nested = await Promise.all(
    entries.map(async (entry): Promise<string[]> => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return [path];
      // A link may lead to a file on another disk, or to a folder.
      const isFolder = entry.isDirectory() || (entry.isSymbolicLink() && (await isFolderAt(path)));
      if (!isFolder) return entry.isSymbolicLink() ? [path] : [];
      return depth < maxDepth ? listFiles(path, depth + 1) : [];
    }),
  );
  return nested.flat().toSorted();
}

async function isFolderAt(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
