import { once } from 'node:events';

/** The answers' way out. */
export interface Output {
  /** Writes and waits while the reader is behind. */
  write(bytes: Uint8Array): Promise<void> | undefined;
}

/**
 * Takes stdout for the answers. What else is written there, by `console.log` or a library, goes to stderr from now on.
 * When nobody reads any more, the process ends quietly: ClickHouse has given the query up.
 */
function takeOutput(): Output {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  stdout.on('error', () => process.exit(0));
  stderr.on('error', () => {});
  return {
    write: (bytes) => {
      if (bytes.length === 0 || write(bytes)) return undefined;
      return once(stdout, 'drain').then(() => {});
    },
  };
}

/** From the moment that a script loads the kit, so that what it prints before it serves is not taken for an answer. */
export const output = takeOutput();
