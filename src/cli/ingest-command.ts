import type { Command } from 'commander';

import { addIngestImagesCommand } from './ingest-images-command.ts';
import { addIngestLaionCommand } from './ingest-laion-command.ts';

/** `embedhouse ingest`: from files to rows with their vectors. */
export function addIngestCommand(program: Command): void {
  const ingest = program
    .command('ingest')
    .description('load data sets and image folders into tables; can be stopped at any moment and run again');
  addIngestLaionCommand(ingest);
  addIngestImagesCommand(ingest);
}
