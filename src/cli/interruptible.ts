const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * Runs `work` with an AbortSignal that Ctrl-C or a polite end aborts, so that queries are cancelled and the data folder
 * is closed. A second Ctrl-C ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  const onSignal = (): void => {
    if (cancel.signal.aborted) {
      // Not process.exit: it hangs while ClickHouse runs a query in this process.
      process.kill(process.pid, 'SIGKILL');
    }
    cancel.abort();
  };
  for (const signal of signals) {
    process.on(signal, onSignal);
  }
  try {
    return await work(cancel.signal);
  } finally {
    for (const signal of signals) {
      process.off(signal, onSignal);
    }
  }
}
