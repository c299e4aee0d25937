import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { showNames } from '../engine/quote-identifier.ts';
import { readIndexStatus, type IndexState, type IndexStatus } from '../vector-index/index-status.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openEngine } from './open-checked-engine.ts';
import { printTable } from './print-table.ts';

/** `embedhouse index status`: which vector indexes there are, where they are built, and what they take. */
export function addIndexStatusCommand(index: Command): void {
  index
    .command('status')
    .description('the vector indexes, their size, and the parts that lack them')
    .argument('[table]', 'the table, if not all: name, or database.name')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
'built' is the share of rows whose part has the index: a search goes through all vectors of the other parts, which is
exact and slow. 'embedhouse index create' builds what is missing. ClickHouse says of all indexes of a part together how
large they are; which a part has is told from the size that each must have.

'memory' is what the index takes once a search has loaded it, by ClickHouse's formula. The cache's hits and misses are
counted from the engine's start: they tell on a server, and not of an engine that this command has just started.

Examples:
  embedhouse index status
  embedhouse index status laion --json`,
    )
    .action(async (tableName: string | undefined, flags: { json?: true }, command: Command) => {
      const home = await openHomeOf(command);
      const status = await interruptible(async (signal) => {
        await using engine = await openEngine(home);
        return await readIndexStatus(engine, { ...(tableName !== undefined && { tableName }), signal });
      });
      process.stdout.write(flags.json ? `${JSON.stringify(status)}\n` : '');
      if (!flags.json) {
        printStatus(status);
      }
    });
}

function printStatus({ indexes, cache, mutations }: IndexStatus): void {
  if (indexes.length === 0) {
    process.stderr.write("There is no vector index; make one with 'embedhouse index create TABLE COLUMN'.\n");
    return;
  }
  printTable(
    ['index', 'column', 'distance', 'dims', 'type', 'm', 'ef', 'built', 'parts', 'disk', 'memory'],
    indexes.map(rowOf),
  );
  const { usedBytes, graphs, maxBytes, hits, misses } = cache;
  process.stdout.write(
    `cache: ${prettyBytes(usedBytes)} of ${prettyBytes(maxBytes)} in ${graphs} graphs, ${hits} hits, ${misses} misses\n`,
  );
  for (const { database, table, command, partsToDo, failure } of mutations) {
    const failed = failure === '' ? '' : `, failed last with: ${failure}`;
    process.stdout.write(`under way on ${showNames(database, table)}: ${command}, ${partsToDo} parts to do${failed}\n`);
  }
}

function rowOf(index: IndexState): string[] {
  const rows = index.builtRows + index.missingRows;
  return [
    showNames(index.database, index.table, index.name),
    index.column,
    index.distance,
    String(index.dimensions),
    index.quantization,
    String(index.m),
    String(index.efConstruction),
    rows === 0 ? '' : percentage(index.builtRows, rows),
    `${index.builtParts} of ${index.builtParts + index.missingParts}`,
    prettyBytes(index.diskBytes),
    prettyBytes(index.memoryBytes),
  ];
}

/** 100 % is said of the whole alone. */
const percentage = (part: number, whole: number): string => `${Math.floor((100 * part) / whole)} %`;
