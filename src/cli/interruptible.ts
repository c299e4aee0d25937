/** Runs `work` with a signal that Ctrl-C aborts; a second Ctrl-C ends the process at once. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  const onInterrupt = (): void => {
    if (cancel.signal.aborted) {
      process.exit(130);
    }
    cancel.abort();
  };
  process.on('SIGINT', onInterrupt);
  try {
    return await work(cancel.signal);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
