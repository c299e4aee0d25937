import { Option, type Command } from 'commander';

import type { IngestLaionResult } from '../ingest/laion/ingest-laion.ts';
import { vectorTypes, type VectorType } from '../ingest/laion/laion-columns.ts';
import { parseTableName } from '../ingest/table-name.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openEngine, openScratchEngine } from './open-checked-engine.ts';
import { parseParts } from './parse-parts.ts';
import { LaionProgress } from './show-laion-progress.ts';

interface IngestLaionCommandOptions {
  table: string;
  parts?: (number: number) => boolean;
  vectorType?: VectorType;
  engine?: string;
  partitionBy?: string;
  json?: true;
}

/** `embedhouse ingest laion`: parts of LAION-400M, and what is shaped like them, into a table. */
export function addIngestLaionCommand(ingest: Command): void {
  ingest
    .command('laion')
    .description('load parts of LAION-400M: embeddings from .npy files, metadata from parquet')
    .argument('<dir>', 'folder of img_emb_N.npy, text_emb_N.npy and metadata_N.parquet, or of folders with them')
    .option('--table <name>', 'table, or database.table; made if there is none', 'laion')
    .option('--parts <numbers>', 'only these parts, such as 0-9,12', parseParts)
    .addOption(
      new Option(
        '--vector-type <type>',
        'how a new table keeps vectors (Float32; BFloat16 takes half the space)',
      ).choices(vectorTypes),
    )
    .option('--engine <engine>', 'engine of a new table, of the MergeTree family (MergeTree)')
    .option('--partition-by <expression>', 'partitions of a new table, such as NSFW')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      `
A part is loaded whole or not at all, and once: stop the command when you like and run it again. A part whose files do
not fit together is named and left out, and the exit code is then 1. Row n of part p gets the id p * 100 000 000 + n.
What has been loaded: SELECT * FROM laion_parts FINAL

Examples:
  embedhouse ingest laion ~/laion400m --parts 0-9
  embedhouse ingest laion . --table laion_small --vector-type BFloat16
  embedhouse ingest laion /data/laion --connect http://me@clickhouse:8123/vectors
  embedhouse index create laion image_embedding`,
    )
    .action(async (dir: string, options: IngestLaionCommandOptions, command: Command) => {
      const table = parseTableName(options.table);
      const home = await openHomeOf(command);
      // Freed memory goes back to the system soon, and not in ten seconds: blocks of vectors are large. ClickHouse's
      // allocator reads this when it is loaded.
      process.env['JE_MALLOC_CONF'] ??= 'dirty_decay_ms:200';
      const result = await interruptible(async (signal) => {
        using progress = new LaionProgress(process.stderr);
        await using target = await openEngine(home);
        // A server does not have the files: the engine in this process reads them, and keeps nothing.
        await using scratch = home.serverUrl === undefined ? undefined : await openScratchEngine(home);
        const { ingestLaion } = await import('../ingest/laion/ingest-laion.ts');
        return await ingestLaion({
          folder: dir,
          table,
          isWanted: options.parts,
          vectorType: options.vectorType,
          tableEngine: options.engine,
          partitionBy: options.partitionBy,
          reader: scratch ?? target,
          target,
          report: progress,
          signal,
        });
      });
      if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
      else process.stderr.write(`${summarize(result, options.table)}\n`);
      if (result.leftOut.length > 0) process.exitCode = 1;
    });
}

function summarize({ loaded, wasLoaded, leftOut }: IngestLaionResult, table: string): string {
  const rows = loaded.reduce((sum, part) => sum + part.rows, 0);
  const parts = (number: number): string => `${number} part${number === 1 ? '' : 's'}`;
  const others = [
    wasLoaded.length > 0 ? `; ${parts(wasLoaded.length)} loaded before` : '',
    leftOut.length > 0 ? `; ${parts(leftOut.length)} left out: ${leftOut.map(({ part }) => part).join(', ')}` : '',
  ];
  return `${table}: ${rows.toLocaleString('en')} rows of ${parts(loaded.length)}${others.join('')}`;
}
