import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { ByteQueue } from '../formats/byte-queue.ts';
import { openBatchFormat, RowError } from '../formats/rows/batch-format.ts';
import { BlockRunner, type BlockFunction } from './block-runner.ts';
import { describeFailure, type FailedRows } from './failure.ts';
import { output } from './output.ts';
import { RowRunner, type RowFunction, type Runner, type RunnerOptions } from './row-runner.ts';
import { signatureOf, type BlockOptions, type ServeOptions, type TypesInCode } from './serve-options.ts';
import type { Signature } from './signature.ts';
import type { ColumnsOf, ValuesOf } from './value-of.ts';

const defaultConcurrency = 16;

/** How a process ends that is told to while rows wait for their results: as one that the signal has ended. */
const exitCodeOfSigterm = 143;

type Options = ServeOptions & BlockOptions & Partial<TypesInCode>;

/**
 * Serves a function of one row to ClickHouse, which has started this process: reads rows from stdin, calls the function,
 * and writes what it returns to stdout, until the input ends. Types and format are those of the function's definition,
 * unless the options give them. A promise counts as a result too. The process ends with exit code 1 and one line on
 * stderr when the function throws, or returns what its type does not take.
 */
export function serve(run: RowFunction): void;
export function serve<const Types extends readonly string[], Bytes extends boolean = false>(
  options: ServeOptions & TypesInCode<Types> & { bytes?: Bytes },
  run: (...values: ValuesOf<Types, Bytes>) => unknown,
): void;
export function serve(options: ServeOptions, run: RowFunction): void;
export function serve(first: RowFunction | Options, second?: RowFunction): void {
  const [options, run] = takeArguments(first, second);
  void serveWith(options, (_, running) => {
    const concurrency = options.concurrency ?? defaultConcurrency;
    requirePositive('concurrency', concurrency);
    return new RowRunner(run, concurrency, running);
  });
}

/**
 * Serves a function of many rows: it gets an array for each argument, and returns an array with one result for each row.
 * A call has the rows of one block (with Native, or with `<send_chunk_header>`; else what has arrived together), or
 * `maxRows` of them.
 */
function serveBlock(run: BlockFunction): void;
function serveBlock<const Types extends readonly string[], Bytes extends boolean = false>(
  options: BlockOptions & TypesInCode<Types> & { bytes?: Bytes },
  run: (...columns: ColumnsOf<Types, Bytes>) => unknown,
): void;
function serveBlock(options: BlockOptions, run: BlockFunction): void;
function serveBlock(first: BlockFunction | Options, second?: BlockFunction): void {
  const [options, run] = takeArguments(first, second);
  void serveWith(options, ({ format, chunkHeader }, running) => {
    const maxRows = options.maxRows ?? Number.POSITIVE_INFINITY;
    requirePositive('maxRows', maxRows);
    return new BlockRunner(run, { maxRows, hasEnds: chunkHeader || format === 'Native' }, running);
  });
}

serve.block = serveBlock;

function takeArguments<Run>(first: Run | Options, second: Run | undefined): [Options, Run] {
  if (typeof first === 'function') return [{}, first];
  if (typeof second === 'function') return [first as Options, second]; // What is no function are the options.
  throw new TypeError('serve takes a function, after options if there are any');
}

function requirePositive(name: string, value: number): void {
  if (value >= 1 && (Number.isInteger(value) || value === Number.POSITIVE_INFINITY)) return;
  throw new EmbedhouseError('USAGE', `${name} is ${value}: give a whole number from 1`);
}

type MakeRunner = (signature: Signature, options: RunnerOptions) => Runner;

async function serveWith(options: Options, makeRunner: MakeRunner): Promise<never> {
  let name = options.function ?? process.argv[1]?.split('/').at(-1) ?? '?';
  const fail = (error: unknown, failed?: FailedRows): never => {
    process.stderr.write(`embedhouse: ${describeFailure(name, error, failed)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => fail(error));
  try {
    const signature = signatureOf(options);
    name = signature.name;
    await answerAll(signature, options, makeRunner, fail);
    await options.close?.();
  } catch (error) {
    fail(error);
  }
  process.exit(0);
}

async function answerAll(
  signature: Signature,
  options: Options,
  makeRunner: MakeRunner,
  fail: (error: unknown, failed?: FailedRows) => never,
): Promise<void> {
  const { chunkHeader } = signature;
  const format = openBatchFormat({ ...signature, returnType: signature.returns, asBytes: options.bytes ?? false });
  const answer: RunnerOptions['answer'] = (results, failedAt) => {
    try {
      return output.write(format.write(results));
    } catch (error) {
      return error instanceof RowError ? fail(error.cause, failedAt(error.index)) : fail(error);
    }
  };
  const runner = makeRunner(signature, { answer, fail });
  const place = { isInside: false };
  process.once('SIGTERM', () => {
    const exitCode = place.isInside || runner.isBusy ? exitCodeOfSigterm : 0;
    void Promise.resolve(options.close?.()).finally(() => process.exit(exitCode));
  });
  const bytes = new ByteQueue();
  const reader = format.read(bytes, { chunkHeader, place });
  let row = 1;
  for await (const chunk of process.stdin) {
    bytes.push(chunk as Buffer); // No encoding is set.
    for (;;) {
      const step = reader.next().value;
      if (step.type === 'needsMore') break;
      if (step.type === 'batch') {
        await runner.push(step, row);
        row += step.rows;
      } else {
        await runner.finish();
        row = 1;
      }
    }
    await runner.pause();
  }
  await runner.finish();
  if (place.isInside) {
    throw new EmbedhouseError(
      'FORMAT_INVALID',
      `the input ended inside of row ${row}, or before the last row of its block`,
    );
  }
}
