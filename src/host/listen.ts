import { existsSync, rmSync, statSync } from 'node:fs';
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
  const living = existsSync(paths.socket) ? await connectToHost(paths.socket) : undefined;
  if (living !== undefined) {
    living.destroy();
    throw new EmbedhouseError(
      'HOST_UNAVAILABLE',
      `a model host listens on ${paths.socket} already: see 'embedhouse host status', or end it with 'embedhouse host stop'`,
    );
  }
  rmSync(paths.socket, { force: true });
  server.listen(paths.socket);
  await once(server, 'listening');
  rmSync(paths.lock, { force: true });
}

/** The socket's file, to be told apart from one that another host has put into its place. */
export function socketIdentity(paths: RuntimePaths): number | undefined {
  return statSync(paths.socket, { throwIfNoEntry: false })?.ino;
}
