import { InvalidArgumentError, Option, type Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { compareQuantizations } from '../vector-index/recall/compare-quantizations.ts';
import { measureRecall } from '../vector-index/recall/measure-recall.ts';
import type { RecallReport } from '../vector-index/recall/recall-report.ts';
import type { RecallRequest } from '../vector-index/recall/recall-request.ts';
import { quantizations, type Quantization } from '../vector-index/vector-index.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openCheckedEngine } from './open-checked-engine.ts';
import { parseCount } from './parse-number.ts';
import { printRecall } from './print-recall.ts';
import { prepareFile, writeResultFile } from './result-file.ts';
import { RecallProgressBar } from './show-recall-progress.ts';

interface RecallFlags {
  k: number;
  queries: number;
  ef: number[];
  fetchMultiplier: number[];
  filter?: string;
  queryVectors?: string;
  index?: string;
  quantization?: Quantization[];
  sample: number;
  plot?: string;
  json?: true;
}

/** `embedhouse index recall`: how much of the exact answer an index finds, and how much faster. */
export function addIndexRecallCommand(index: Command): void {
  index
    .command('recall')
    .description('how much of the exact answer an index finds, and how much faster it is')
    .argument('<table>', 'the table')
    .argument('<column>', 'its column of vectors')
    .option('--k <n>', 'neighbours that a search asks for', parseCount, 10)
    .option('--queries <n>', 'vectors to search for', parseQueries, 200)
    .addOption(
      new Option('--ef <list>', 'values of hnsw_candidate_list_size_for_search, with commas between')
        .argParser(parseCounts)
        .default([16, 32, 64, 128, 256, 512], '16,32,64,128,256,512'),
    )
    .addOption(
      new Option('--fetch-multiplier <list>', 'values of vector_search_index_fetch_multiplier')
        .argParser(parseMultipliers)
        .default([1, 4], '1,4'),
    )
    .option('--filter <sql>', 'a condition that all searches have')
    .option('--query-vectors <sql>', 'search for the vectors that this query gives, instead of rows of the table')
    .option('--index <name>', 'which index, where the column has several')
    .addOption(
      new Option(
        '--quantization <list>',
        `build indexes of these quantizations on a sample and compare them: all, or of ${quantizations.join(', ')}`,
      ).argParser(parseQuantizations),
    )
    .option('--sample <rows>', 'rows to build them of', parseCount, 50_000)
    .option('--plot <file>', 'draw recall over latency, as SVG')
    .option('--json', 'all figures as JSON')
    .addHelpText(
      'after',
      `
Recall is the share of the k nearest rows that the index finds, 1 at best. Each vector is searched for exactly (over all
rows, use_skip_indexes = 0) and through the index, one search after the other. Times are ClickHouse's own, from analysing a
query to its last row; what a query that sets nothing gets is marked.

Vectors to search for are rows of the table, chosen by a hash, always the same ones; a row does not count as an answer to
itself. Rows are easy to find. Where texts search images, as with CLIP, the vectors searched for lie far from all rows, and
recall is lower: measure with those.

With --filter each vector_search_filter_strategy is measured: the answers of postfilter may have fewer than k rows. With
--quantization indexes are built on a sample, in a database of their own that goes at the end. Of an index that ClickHouse
does not use, a part without it for example, you are told why.

Examples:
  embedhouse index recall laion image_embedding
  embedhouse index recall laion image_embedding --query-vectors "SELECT text_embedding FROM laion LIMIT 200"
  embedhouse index recall laion image_embedding --filter "similarity > 0.3"
  embedhouse index recall laion image_embedding --quantization all --plot quantizations.svg
Ctrl-C prints what has been measured.`,
    )
    .action(async (table: string, column: string, flags: RecallFlags, command: Command) => {
      if (flags.quantization !== undefined && flags.filter !== undefined) {
        throw new EmbedhouseError(
          'USAGE',
          '--filter and --quantization are not possible together: a sample has only the vectors',
        );
      }
      const home = await openHomeOf(command);
      if (flags.plot !== undefined) {
        await prepareFile(flags.plot);
      }
      using progress = new RecallProgressBar(process.stderr);
      const report = await interruptible(async (signal) => {
        await using engine = await openCheckedEngine(home);
        const request = { ...requestOf(flags), table, column, signal, onProgress: progress.update };
        return flags.quantization === undefined
          ? await measureRecall(engine, { ...request, ...(flags.filter !== undefined && { filter: flags.filter }) })
          : await compareQuantizations(engine, {
              ...request,
              quantizations: flags.quantization,
              sampleRows: flags.sample,
            });
      });
      progress[Symbol.dispose]();
      await show(report, flags);
    });
}

function requestOf({
  k,
  queries,
  ef,
  fetchMultiplier,
  queryVectors,
  index,
}: RecallFlags): Omit<RecallRequest, 'table' | 'column' | 'signal'> {
  return {
    k,
    queries,
    efs: ef,
    fetchMultipliers: fetchMultiplier,
    ...(queryVectors !== undefined && { queryVectors }),
    ...(index !== undefined && { index }),
  };
}

async function show(report: RecallReport, { json, plot }: RecallFlags): Promise<void> {
  if (json) {
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    printRecall(report);
  }
  if (plot !== undefined) {
    const { plotRecall } = await import('../vector-index/recall/plot-recall.ts');
    await writeResultFile(plot, plotRecall(report));
    process.stderr.write(`Plotted to ${plot}\n`);
  }
  if (report.isInterrupted) {
    throw new EmbedhouseError('CANCELLED', 'stopped; the figures are those of what had been measured');
  }
}

function parseList(list: string, isPossible: (value: number) => boolean, expected: string): number[] {
  const values = list.split(',').map((each) => Number(each.trim() === '' ? Number.NaN : each));
  if (!values.every(isPossible)) {
    throw new InvalidArgumentError(`expected ${expected}, with commas between`);
  }
  return values;
}

/** All vectors are in memory together, and so are the rows that they find. */
const maxQueries = 10_000;

function parseQueries(value: string): number {
  const queries = parseCount(value);
  if (queries > maxQueries) throw new InvalidArgumentError(`expected at most ${maxQueries}`);
  return queries;
}

/** ClickHouse's setting is a 64-bit number, but no list of candidates is as long. */
const maxEf = 1_000_000;

const parseCounts = (list: string): number[] =>
  parseList(
    list,
    (value) => Number.isInteger(value) && value >= 1 && value <= maxEf,
    `whole numbers from 1 to ${maxEf}`,
  );

const parseMultipliers = (list: string): number[] =>
  parseList(list, (value) => value >= 1 && value <= 1000, 'numbers from 1 to 1000');

function parseQuantizations(list: string): Quantization[] {
  if (list === 'all') {
    // f64 finds what f32 finds, at twice the size.
    return quantizations.filter((each) => each !== 'f64');
  }
  return [...new Set(list.split(',').map((each) => each.trim()))].map((each) => {
    const quantization = quantizations.find((known) => known === each);
    if (quantization === undefined) {
      throw new InvalidArgumentError(`expected all, or of ${quantizations.join(', ')}, with commas between`);
    }
    return quantization;
  });
}
