import { InvalidArgumentError, Option, type Command } from 'commander';
import prettyBytes from 'pretty-bytes';
import prettyMilliseconds from 'pretty-ms';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Home } from '../home/open-home.ts';
import { checkDimensions } from '../vector-index/check-vectors.ts';
import { estimateIndex, type Estimate } from '../vector-index/estimate-index.ts';
import { measureBuild, sampleRows, type MeasuredBuild } from '../vector-index/measure-build.ts';
import { elementTypes, findVectorColumn } from '../vector-index/vector-column.ts';
import { indexDefaults, quantizations, type Quantization } from '../vector-index/vector-index.ts';
import { openHomeOf } from './home-options.ts';
import { parseNeighbours, quantizationOption } from './index-options.ts';
import { interruptible } from './interruptible.ts';
import { machineBytes } from './machine-memory.ts';
import { openEngine, openScratchEngine } from './open-checked-engine.ts';
import { parseBytes, parseCount } from './parse-number.ts';
import { printTable } from './print-table.ts';

interface EstimateFlags {
  rows?: number;
  dims?: number;
  columns: number;
  type?: keyof typeof elementTypes;
  quantization?: Quantization;
  m: number;
  ef: number;
  memoryPerNode?: number;
  measure: boolean;
  json?: true;
}

/** What is to be estimated. */
interface Vectors {
  rows: number;
  dimensions: number;
  elementBytes: number;
}

/** `embedhouse index estimate`: what vectors and their index take, before there is one. */
export function addIndexEstimateCommand(index: Command): void {
  index
    .command('estimate')
    .description('what a vector index will take: disk, memory, time to build, nodes')
    .argument('[table]', 'a table to take rows and dimensions from')
    .argument('[column]', 'its column of vectors')
    .option('--rows <n>', 'number of vectors, such as 1000000, 1M, 410e6', parseRows)
    .option('--dims <n>', 'dimensions of a vector', parseCount)
    .option('--columns <n>', 'columns of such vectors, each with an index', parseCount, 1)
    .addOption(
      new Option('--type <type>', "the column's element type (that of COLUMN, or Float32)").choices(
        Object.keys(elementTypes),
      ),
    )
    .addOption(quantizationOption())
    .option('--m <n>', 'neighbours of a vector in the graph', parseNeighbours, indexDefaults.m)
    .option('--ef <n>', 'candidates for them while it is built', parseCount, indexDefaults.efConstruction)
    .option('--memory-per-node <size>', "memory of a node, such as 64G (this machine's)", parseBytes)
    .option('--no-measure', 'leave out the time to build, which a small build tells (some seconds)')
    .option('--json', 'as JSON, in bytes and seconds')
    .addHelpText(
      'after',
      `
Sizes follow ClickHouse's formulas (docs/indexes.md). 'nodes' is among how many machines the rows must be divided for
their indexes to take at most 80 % of the memory of each. 'cache' is what vector_similarity_index_cache_size must be, in
all, for everything to stay loaded: its accounting counts memory that is set aside, up to twice what is used.

The time to build is that of this machine, told from a build of ${sampleRows.large.toLocaleString('en')} made-up vectors
that lie as embeddings do; a graph that outgrows the processor's caches takes up to twice as long.

Examples:
  embedhouse index estimate --rows 1M --dims 512
  embedhouse index estimate --rows 1M --dims 1536 --quantization i8 --m 64
  embedhouse index estimate laion image_embedding
  embedhouse index estimate --rows 410M --dims 512 --columns 2 --memory-per-node 64G     all of LAION-400M`,
    )
    .action(async (table: string | undefined, column: string | undefined, flags: EstimateFlags, command: Command) => {
      const home = await openHomeOf(command);
      await interruptible(async (signal) => {
        const nodeBytes = flags.memoryPerNode ?? machineBytes();
        const vectors = await findVectors(home, { table, column, flags, signal });
        const chosen = chooseQuantizations(vectors, flags);
        const measured = flags.measure
          ? await measure(home, { dimensions: vectors.dimensions, quantizations: chosen, flags, signal })
          : undefined;
        const estimate = estimateIndex({
          ...vectors,
          columns: flags.columns,
          m: flags.m,
          nodeBytes,
          quantizations: chosen,
          ...(measured && { measured }),
        });
        if (flags.json) {
          process.stdout.write(`${JSON.stringify({ ...vectors, columns: flags.columns, m: flags.m, ...estimate })}\n`);
        } else {
          printEstimate(vectors, { columns: flags.columns, m: flags.m, nodeBytes }, estimate);
        }
      });
    });
}

async function findVectors(
  home: Home,
  {
    table,
    column,
    flags,
    signal,
  }: { table: string | undefined; column: string | undefined; flags: EstimateFlags; signal: AbortSignal },
): Promise<Vectors> {
  if (table !== undefined && column !== undefined) {
    await using engine = await openEngine(home);
    const found = await findVectorColumn(engine, { tableName: table, columnName: column, signal });
    const counted = await checkDimensions(engine, found, { signal });
    const dimensions = flags.dims ?? counted.dimensions;
    if (dimensions === undefined) {
      throw new EmbedhouseError('USAGE', `table '${table}' is empty: say with --dims how long its vectors will be`);
    }
    const elementBytes = elementTypes[flags.type ?? ''] ?? found.elementBytes;
    return { rows: flags.rows ?? counted.rows, dimensions, elementBytes };
  }
  if (table !== undefined || flags.rows === undefined || flags.dims === undefined) {
    throw new EmbedhouseError(
      'USAGE',
      'say how many vectors there will be: give --rows and --dims, or TABLE and COLUMN',
    );
  }
  return { rows: flags.rows, dimensions: flags.dims, elementBytes: elementTypes[flags.type ?? 'Float32'] ?? 0 };
}

/** b1 packs eight dimensions into a byte. */
function chooseQuantizations({ dimensions }: Vectors, { quantization }: EstimateFlags): readonly Quantization[] {
  if (quantization === 'b1' && dimensions % 8 !== 0) {
    throw new EmbedhouseError(
      'USAGE',
      `b1 takes a multiple of 8 dimensions, and not ${dimensions}: choose another quantization`,
    );
  }
  if (quantization !== undefined) return [quantization];
  return quantizations.filter((each) => each !== 'b1' || dimensions % 8 === 0);
}

async function measure(
  home: Home,
  {
    dimensions,
    quantizations: chosen,
    flags,
    signal,
  }: { dimensions: number; quantizations: readonly Quantization[]; flags: EstimateFlags; signal: AbortSignal },
): Promise<Map<Quantization, MeasuredBuild>> {
  await using engine = await openScratchEngine(home);
  return await measureBuild(engine, {
    distance: 'cosineDistance',
    dimensions,
    m: flags.m,
    efConstruction: flags.ef,
    quantizations: chosen,
    signal,
    onBuild: (quantization) => {
      process.stderr.write(`Measuring a build with ${quantization}\n`);
    },
  });
}

function printEstimate(
  { rows, dimensions }: Vectors,
  { columns, m, nodeBytes }: { columns: number; m: number; nodeBytes: number },
  { columnBytes, indexes }: Estimate,
): void {
  const inColumns = columns === 1 ? '' : ` in each of ${columns} columns`;
  process.stdout.write(
    `${rows.toLocaleString('en')} vectors of ${dimensions} dimensions${inColumns}: ${prettyBytes(columnBytes)} uncompressed; m = ${m}\n\n`,
  );
  printTable(
    ['index', 'disk', 'memory', 'cache', `nodes of ${prettyBytes(nodeBytes)}`, 'build on this machine'],
    indexes.map(({ quantization, indexDiskBytes, memoryBytes, cacheBytes, nodes, buildSeconds }) => [
      quantization,
      prettyBytes(indexDiskBytes),
      prettyBytes(memoryBytes),
      prettyBytes(cacheBytes),
      String(nodes),
      buildSeconds === undefined ? '' : describeTime(buildSeconds),
    ]),
  );
}

const describeTime = (seconds: number): string =>
  seconds < 1
    ? 'less than 1s'
    : prettyMilliseconds(1000 * seconds, { unitCount: seconds < 3600 ? 1 : 2, secondsDecimalDigits: 0 });

const unitRows: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** Parses a number of rows, which may be written short. @throws InvalidArgumentError */
function parseRows(value: string): number {
  const found = /^(?<count>[\d.]+(?:e\d+)?)(?<unit>[kMG]?)$/.exec(value)?.groups;
  const rows = Number(found?.['count']) * (unitRows[found?.['unit'] ?? ''] ?? Number.NaN);
  if (!Number.isSafeInteger(rows) || rows < 1) {
    throw new InvalidArgumentError('expected a whole number, 1 or greater, such as 250000, 410M or 410e6');
  }
  return rows;
}
