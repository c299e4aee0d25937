import type { WriteStream } from 'node:tty';

import { SingleBar } from 'cli-progress';

/** Makes a progress bar as all commands show it; it goes when it is stopped, unless it is to stay. */
export function createProgressBar(
  stream: WriteStream,
  format: string,
  { stays = false }: { stays?: boolean } = {},
): SingleBar {
  return new SingleBar({
    stream,
    format,
    barsize: 30,
    hideCursor: true,
    clearOnComplete: !stays,
    // Ctrl-C is the command's own affair: it stops the bar when its work has ended.
    gracefulExit: false,
  });
}
