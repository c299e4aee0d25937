import { Option, type Command } from 'commander';
import type { SingleBar } from 'cli-progress';
import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';

import { showNames } from '../engine/quote-identifier.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { createIndex, type CreatedIndex, type CreateIndexEvent } from '../vector-index/create-index.ts';
import { distances, indexDefaults, type IndexParameters } from '../vector-index/vector-index.ts';
import { openHomeOf } from './home-options.ts';
import { parseNeighbours, quantizationOption } from './index-options.ts';
import { interruptible } from './interruptible.ts';
import { machineBytes } from './machine-memory.ts';
import { openEngine } from './open-checked-engine.ts';
import { parseCount } from './parse-number.ts';
import { createProgressBar } from './progress-bar.ts';
import { RecentRate } from './recent-rate.ts';

interface CreateFlags extends Omit<IndexParameters, 'efConstruction'> {
  name?: string;
  ef: number;
  threads?: number;
  json?: true;
}

/** `embedhouse index create`: defines a vector index and builds it, or goes on with one. */
export function addIndexCreateCommand(index: Command): void {
  index
    .command('create')
    .description('define a vector index on a column and build it, or go on with one that is not built everywhere')
    .argument('<table>', 'the table: name, or database.name')
    .argument('<column>', 'the column: Array(Float32), Array(Float64) or Array(BFloat16)')
    .option('--name <name>', "the index's name (COLUMN_index)")
    .addOption(
      new Option('--distance <function>', 'the function that queries order by')
        .choices(distances)
        .default('cosineDistance'),
    )
    .addOption(quantizationOption().default(indexDefaults.quantization))
    .option(
      '--m <n>',
      'neighbours of a vector in the graph: more is better and larger',
      parseNeighbours,
      indexDefaults.m,
    )
    .option('--ef <n>', 'candidates for them: more is better and slower', parseCount, indexDefaults.efConstruction)
    .option('--granularity <n>', 'granules to a graph at most', parseCount, indexDefaults.granularity)
    .option('--threads <n>', 'threads that build (one a core)', parseCount)
    .option('--json', 'what was built as JSON')
    .addHelpText(
      'after',
      `
First all vectors are checked: they must have one length, and no NaN or infinite number; with i8 none may be all zeros.
Then each part of the table gets a graph of its own, built in memory. New rows get theirs as they are inserted.

Ctrl-C stops at once. Parts that are finished keep the index, and the same command goes on with the others, also after
the process was killed; if none is finished, the table is as before.

Examples:
  embedhouse index create laion image_embedding
  embedhouse index create laion image_embedding --quantization i8 --m 64 --ef 256
  embedhouse index estimate --rows 1M --dims 512      what it will take
  embedhouse index status laion                       what there is
  embedhouse index recall laion image_embedding       how good it is

A query uses the index with
  SELECT … FROM laion ORDER BY cosineDistance(image_embedding, encode_text('a dog')) LIMIT 10`,
    )
    .action(async (tableName: string, columnName: string, flags: CreateFlags, command: Command) => {
      const home = await openHomeOf(command);
      if (flags.threads !== undefined && home.serverUrl !== undefined) {
        throw new EmbedhouseError(
          'USAGE',
          '--threads is for the embedded engine: a server builds with as many as its setting max_build_vector_similarity_index_thread_pool_size says',
        );
      }
      using progress = new CreateProgress();
      const created = await interruptible(async (signal) => {
        await using engine = await openEngine(home, {
          ...(flags.threads !== undefined && { indexThreads: flags.threads }),
        });
        return await createIndex(engine, {
          tableName,
          columnName,
          ...(flags.name !== undefined && { indexName: flags.name }),
          distance: flags.distance,
          quantization: flags.quantization,
          m: flags.m,
          efConstruction: flags.ef,
          granularity: flags.granularity,
          ...(home.serverUrl === undefined && { machineBytes: machineBytes() }),
          signal,
          onEvent: progress.update,
        });
      });
      progress[Symbol.dispose]();
      process.stdout.write(flags.json ? `${JSON.stringify(created)}\n` : `${describe(created)}\n`);
    });
}

function describe({ index, outcome, vectors, builtVectors, parts, diskBytes, seconds }: CreatedIndex): string {
  const name = `index ${showNames(index.name)} on ${showNames(index.table, index.column)}`;
  const has = `${vectors.toLocaleString('en')} vectors of ${index.dimensions} dimensions in ${countParts(parts)}, ${prettyBytes(diskBytes)} on disk`;
  if (outcome === 'unchanged') {
    return `The ${name} is built already: ${has}`;
  }
  const time = prettyMilliseconds(1000 * seconds, { unitCount: 2, secondsDecimalDigits: 1 });
  const added = outcome === 'completed' ? `, ${builtVectors.toLocaleString('en')} of them now` : '';
  return `Built the ${name} in ${time}: ${has}${added}`;
}

const countParts = (parts: number): string => (parts === 1 ? '1 part' : `${parts} parts`);

/** Shows on a terminal a bar with vectors and time left; says elsewhere only what is being built. */
class CreateProgress implements Disposable {
  #bar: SingleBar | undefined;
  readonly #rate = new RecentRate();

  readonly update = (event: CreateIndexEvent): void => {
    if (event.type === 'check') {
      this.#say(`Checking ${event.vectors.toLocaleString('en')} vectors\n`);
    } else if (event.type === 'plan') {
      const { index, vectors, parts, memory, isDefined } = event;
      const verb = isDefined ? 'Going on with' : 'Building';
      const together = parts === 1 ? '' : `, ${memory.graphs} at a time`;
      const size = `${vectors.toLocaleString('en')} vectors in ${countParts(parts)}${together}, up to ${prettyBytes(memory.bytes)} of memory`;
      this.#say(`${verb} the index ${showNames(index.name)}: ${size}\n`);
      this.#rate.add(0);
    } else if (event.type === 'stop') {
      this[Symbol.dispose]();
      this.#say('Stopping when the vectors in hand are done\n');
    } else {
      this.#draw(event);
    }
  };

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }

  #say(text: string): void {
    process.stderr.write(text);
  }

  #draw({ doneVectors, totalVectors }: { doneVectors: number; totalVectors: number }): void {
    if (!process.stderr.isTTY) {
      return;
    }
    if (this.#bar === undefined) {
      this.#bar = createProgressBar(process.stderr, '{bar} {value} of {total} vectors{left}');
      this.#bar.start(totalVectors, doneVectors, { left: '' });
    }
    this.#rate.add(doneVectors);
    this.#bar.update(doneVectors, { left: this.#rate.timeLeft(totalVectors) });
  }
}
