/** What a child process gets: a request of its own kind, with a number that the answer repeats. */
export interface Envelope<Request> {
  readonly id: number;
  readonly request: Request;
}

/** What comes back: the answer, or why there is none. */
export type Answer<Reply> =
  | { readonly id: number; readonly reply: Reply }
  | { readonly id: number; readonly error: string };

/**
 * Answers the requests of the parent process, one after the other, and ends when the parent is gone. What `handle` gets
 * and gives is what `Child` is told in its type parameters.
 */
export function serve(handle: (request: unknown) => Promise<unknown>): void {
  let last: Promise<void> = Promise.resolve();
  process.on('message', (message) => {
    // Only `Child` writes to this channel.
    const { id, request } = message as Envelope<unknown>;
    last = last.then(async () => {
      try {
        process.send?.({ id, reply: await handle(request) } satisfies Answer<unknown>);
      } catch (error) {
        process.send?.({ id, error: error instanceof Error ? error.message : String(error) } satisfies Answer<unknown>);
      }
    });
  });
  // Ctrl-C reaches the whole terminal's group; the parent ends its children. Not process.exit: that waits for, or
  // aborts in, native code that is at work.
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
}
