import type { WriteStream } from 'node:tty';

import { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';

import type { QueryProgress } from '../engine/engine.ts';

/** What is done sooner needs no progress. */
const quietSeconds = 0.5;

export interface ProgressDisplay extends Disposable {
  update: (progress: QueryProgress) => void;
}

/** Shows on a terminal how far the running statement is, once it takes longer than half a second; elsewhere nothing. */
export function showQueryProgress(terminal: WriteStream): ProgressDisplay {
  let bar: SingleBar | undefined;
  const start = (): SingleBar => {
    const started = new SingleBar({
      stream: terminal,
      format: '{bar} {percentage}% | {read} | {seconds} s',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      gracefulExit: false,
    });
    started.start(1, 0, { read: '', seconds: 0 });
    return started;
  };
  return {
    update: ({ readRows, readBytes, totalRows, elapsedSeconds }) => {
      if (!terminal.isTTY || elapsedSeconds < quietSeconds) {
        return;
      }
      bar ??= start();
      bar.setTotal(Math.max(totalRows, readRows, 1));
      const read = `${readRows.toLocaleString('en')} rows, ${prettyBytes(readBytes)}`;
      bar.update(readRows, { read, seconds: elapsedSeconds.toFixed(1) });
    },
    [Symbol.dispose]: () => bar?.stop(),
  };
}
