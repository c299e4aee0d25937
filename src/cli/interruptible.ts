const signals = ['SIGINT', 'SIGTERM'] as const;

/**
 * One Ctrl-C may arrive twice within milliseconds: a function's script that is just being started is, until it runs its
 * own program, a second process with this one's handlers and pipes (vfork), and a terminal sends Ctrl-C to both.
 */
const sameSignalMs = 200;

/**
 * Runs `work` with an AbortSignal that Ctrl-C or a polite end aborts, so that queries are cancelled and the data folder
 * is closed. A second Ctrl-C ends the process at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const cancel = new AbortController();
  let cancelledAt = 0;
  const onSignal = (): void => {
    if (!cancel.signal.aborted) {
      cancelledAt = performance.now();
      cancel.abort();
    } else if (performance.now() - cancelledAt > sameSignalMs) {
      // Not process.exit: it hangs while ClickHouse runs a query in this process.
      process.kill(process.pid, 'SIGKILL');
    }
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
