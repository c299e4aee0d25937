import type { Writable } from 'node:stream';
import type { WriteStream } from 'node:tty';

import type { DemoReport } from '../demo/demo-report.ts';
import { createProgressBar } from './progress-bar.ts';

/** Tells the demo's tour: headings, SQL and tables on `output`, progress bars on the terminal. */
export function showDemo(output: Writable, terminal: WriteStream): DemoReport {
  return {
    heading: (title, sql) => {
      output.write(`\n── ${title}\n${sql === undefined ? '' : `\n${indent(sql)}\n\n`}`);
    },
    result: (table, seconds) => {
      output.write(`${table}${(seconds * 1000).toFixed(1)} ms\n`);
    },
    progress: (label, total) => {
      if (!terminal.isTTY) {
        // A bar is for eyes; a log gets the end of the step.
        let last = 0;
        return {
          update: (done) => {
            last = done;
          },
          [Symbol.dispose]: () => output.write(`${label}: ${last} of ${total} done\n`),
        };
      }
      const bar = createProgressBar(terminal, `${label} {bar} {value}/{total} | {duration} s, {eta} s left`, {
        stays: true,
      });
      bar.start(total, 0);
      return { update: (done) => bar.update(done), [Symbol.dispose]: () => bar.stop() };
    },
  };
}

function indent(sql: string): string {
  return sql.replaceAll(/^/gm, '  ');
}
