import { rmSync, statSync } from 'node:fs';
import type { Server } from 'node:net';
import { once } from 'node:events';

import { connectToHost, ensurePrivateFolder, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/**
 * Listens on the host's socket in its private folder, in place of a socket that a killed host left behind.
 * @throws HOST_UNAVAILABLE if another host listens already
 */
export async function listenOnSocket(server: Server, paths: RuntimePaths): Promise<void> {
  ensurePrivateFolder(paths.folder);
  const living = await connectToHost(paths.socket);
  try {
    if (living !== undefined) {
      living.destroy();
      throw anotherListens(paths);
    }
    rmSync(paths.socket, { force: true });
    server.listen(paths.socket);
    await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
      // Another one has started in the same moment.
      throw error.code === 'EADDRINUSE' ? anotherListens(paths) : error;
    });
  } finally {
    // Whoever waits for the start sees a socket now, or starts a host itself.
    rmSync(paths.lock, { force: true });
  }
}

function anotherListens(paths: RuntimePaths): EmbedhouseError {
  return new EmbedhouseError(
    'HOST_UNAVAILABLE',
    `a model host listens on ${paths.socket} already: see 'embedhouse host status', or end it with 'embedhouse host stop'`,
  );
}

/** The socket's file, to be told apart from one that another host has put into its place. */
export function socketIdentity(paths: RuntimePaths): string | undefined {
  const stats = statSync(paths.socket, { throwIfNoEntry: false });
  // A file system may give the same inode number to the next file.
  return stats && `${stats.ino} ${stats.ctimeMs}`;
}
