import { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';

import type { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';

import type { QueryProgress } from '../engine/engine.ts';
import { createProgressBar } from './progress-bar.ts';

/** What is done sooner needs no progress. */
const quietSeconds = 0.5;

/** Shows on a terminal how far the running statement is, once it takes longer than half a second; elsewhere nothing. */
export class QueryProgressBar implements Disposable {
  readonly #terminal: WriteStream;
  #bar: SingleBar | undefined;
  /** Of the statement whose rows are being printed: a bar among them would tear them apart. */
  #printingIndex: number | undefined;
  #statementIndex = 0;

  constructor(terminal: WriteStream) {
    this.#terminal = terminal;
  }

  readonly update = ({ statementIndex, readRows, readBytes, totalRows, elapsedSeconds }: QueryProgress): void => {
    this.#statementIndex = statementIndex;
    if (!this.#terminal.isTTY || elapsedSeconds < quietSeconds || statementIndex === this.#printingIndex) {
      return;
    }
    this.#bar ??= this.#start();
    this.#bar.setTotal(Math.max(totalRows, readRows, 1));
    const read = `${readRows.toLocaleString('en')} rows, ${prettyBytes(readBytes)}`;
    this.#bar.update(readRows, { read, seconds: elapsedSeconds.toFixed(1) });
  };

  /** Where results go: `output` itself, or if that is a terminal too, a way to it that removes the bar first. */
  outputTo(output: WriteStream): Writable {
    if (!output.isTTY || !this.#terminal.isTTY) {
      return output;
    }
    return new Writable({
      write: (chunk: Buffer, encoding, done) => {
        this.#printingIndex = this.#statementIndex;
        this.#stop();
        output.write(chunk, encoding, done);
      },
    });
  }

  /** Prints a line of embedhouse's own, in the bar's place. */
  readonly say = (line: string): void => {
    this.#stop();
    this.#terminal.write(`embedhouse: ${line}\n`);
  };

  [Symbol.dispose](): void {
    this.#stop();
  }

  #start(): SingleBar {
    const bar = createProgressBar(this.#terminal, '{bar} {percentage}% | {read} | {seconds} s');
    bar.start(1, 0, { read: '', seconds: 0 });
    return bar;
  }

  #stop(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
