import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';

import type { RepositoryFile } from './list-repository-files.ts';

export interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Git's object name of the content, hexadecimal. */
  readonly gitSha1: string;
}

export interface ReadContentOptions {
  readonly signal: AbortSignal;
  /** Told the bytes of each piece that is read. */
  readonly onBytes?: (bytes: number) => void;
}

/** Hashes a file both ways that hubs do. @throws the signal's reason when that stops it */
export async function readContent(path: string, { signal, onBytes }: ReadContentOptions): Promise<Content> {
  const { size } = await stat(path);
  const sha256 = createHash('sha256');
  const gitSha1 = createHash('sha1').update(`blob ${size}\0`);
  let sizeBytes = 0;
  await pipeline(
    createReadStream(path, { highWaterMark: 1024 * 1024 }),
    async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) {
        sha256.update(chunk);
        gitSha1.update(chunk);
        sizeBytes += chunk.length;
        onBytes?.(chunk.length);
      }
    },
    { signal },
  );
  return { sizeBytes, sha256: sha256.digest('hex'), gitSha1: gitSha1.digest('hex') };
}

/** Whether the content is what the hub lists for the file. */
export function isContentOf({ sizeBytes, digest }: RepositoryFile, content: Content): boolean {
  const found = digest.algorithm === 'sha256' ? content.sha256 : content.gitSha1;
  return content.sizeBytes === sizeBytes && found === digest.hex;
}
