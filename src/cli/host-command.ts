import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { Option, type Command } from 'commander';
import prettyBytes from 'pretty-bytes';
import pino from 'pino';

import { runtimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { Host } from '../host/host.ts';
import { keepHost, readHostStatus, startHost, stopHost } from '../host/host-client.ts';
import type { HostStatus } from '../host/host-status.ts';
import { graphsOption } from './graphs-path.ts';
import { parseNumber, parsePositive } from './parse-number.ts';
import { printTable } from './print-table.ts';

interface RunOptions {
  onDemand?: true;
  idleMinutes?: number;
  unloadMinutes: number;
  threads: number;
  graphs: string;
  exactImages?: true;
  cacheMib: number;
  modelMemoryMib?: number;
  maxImageMib: number;
  maxImageMegapixels: number;
}

const mebibyte = 1024 * 1024;

/** `embedhouse host`: the process that holds the models, shared by all queries of this user. */
export function addHostCommand(program: Command): void {
  const host = program
    .command('host')
    .description('the model host: starts by itself at the first hosted function, and ends when idle');

  addRunOptions(host.command('run').description('run the host in the foreground until Ctrl-C')).action(runHost);

  addRunOptions(host.command('start').description('start the host in the background, to stay until stopped')).action(
    async (_options: RunOptions, command: Command) => {
      const running = await keepHost(runtimePaths());
      if (running !== undefined) {
        process.stderr.write('a host runs already; it stays from now on, with the flags that it was started with\n');
        printStatus(running);
        return;
      }
      const args = command.parent?.args.slice(1) ?? [];
      const program = [process.execPath, process.argv[1] ?? '', 'host', 'run', ...args];
      printStatus(await startHost(runtimePaths(), program));
    },
  );

  host
    .command('stop')
    .description('end the host after what it is answering')
    .action(async () => {
      const status = await stopHost(runtimePaths());
      process.stderr.write(status === undefined ? 'no host runs\n' : `host ${status.pid} has ended\n`);
    });

  host
    .command('status')
    .description('show the running host: processes, models, rows, queue, cache')
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const status = await readHostStatus(runtimePaths());
      if (json) {
        process.stdout.write(`${JSON.stringify(status ?? null)}\n`);
      } else {
        printStatus(status);
      }
      process.exitCode = status === undefined ? 1 : 0;
    });
}

function addRunOptions(command: Command): Command {
  return command
    .addOption(new Option('--on-demand', 'end when idle (how the bridges start it)').hideHelp())
    .option(
      '--idle-minutes <n>',
      'end after so many minutes without work; 0: never (10 if started on demand)',
      parseNumber,
    )
    .option(
      '--unload-minutes <n>',
      'give the models’ memory back after so many minutes without work; 0: never',
      parseNumber,
      5,
    )
    .option('--threads <n>', 'threads of all models together', parseNumber, availableParallelism())
    .addOption(graphsOption())
    .option(
      '--model-memory-mib <n>',
      'memory for the weights of models, of which the least used are let go (half of the machine’s)',
      parsePositive,
    )
    .option('--cache-mib <n>', 'memory for vectors of what was asked before; 0: none', parseNumber, 64)
    .option('--exact-images', 'prepare every image exactly as Pillow does, where a faster way differs by rounding')
    .option('--max-image-mib <n>', 'largest image file', parseNumber, 64)
    .option('--max-image-megapixels <n>', 'largest image, width times height', parseNumber, 100);
}

async function runHost(options: RunOptions): Promise<void> {
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const host = new Host({
    idleTimeoutMs: (options.idleMinutes ?? (options.onDemand ? 10 : 0)) * 60_000,
    unloadTimeoutMs: options.unloadMinutes * 60_000,
    // At least one: 0 would be no encoder at all.
    threads: Math.max(1, Math.floor(options.threads)),
    cachePath: resolve(options.graphs),
    exactImages: options.exactImages ?? false,
    ...(options.modelMemoryMib !== undefined && { maxModelBytes: options.modelMemoryMib * mebibyte }),
    cacheBytes: options.cacheMib * mebibyte,
    maxImageBytes: options.maxImageMib * mebibyte,
    maxImagePixels: options.maxImageMegapixels * 1_000_000,
    log,
  });
  const stop = (): void => void host.close();
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    await host.listen();
  } catch (error) {
    // Two bridges may start a host at once: the second one is not needed, which is no error for its bridge.
    if (options.onDemand && error instanceof EmbedhouseError) {
      log.info(error.message);
      process.exit(0);
    }
    throw error;
  }
  await host.closed();
  process.exit(0);
}

function printStatus(status: HostStatus | undefined): void {
  if (status === undefined) {
    process.stderr.write("no host runs; it starts with the first hosted function, or with 'embedhouse host start'\n");
    return;
  }
  const { encoders, models: memory, rows, queue, cache } = status;
  const started = encoders.filter(({ state }) => state !== 'stopped');
  const models = encoders.flatMap((encoder) =>
    encoder.models.map(
      ({ model, tower, dtype, threads, loadMs }) =>
        `${model} ${tower} ${dtype}, pid ${encoder.pid}, ${threads} threads (loaded in ${loadMs} ms)`,
    ),
  );
  printTable(
    ['', ''],
    [
      ['host', `pid ${status.pid}, ${prettyBytes(status.residentBytes)}, up ${status.uptimeS} s`],
      [
        'encoders',
        started
          .map(({ state, pid, residentBytes }) => `${state}, pid ${pid}, ${prettyBytes(residentBytes)}`)
          .join('\n') || 'none started yet',
      ],
      ['restarts', `${encoders.reduce((sum, { restarts }) => sum + restarts, 0)}`],
      ['socket', status.socket],
      ['log', status.log],
      ['ends when idle', status.idleTimeoutS === 0 ? 'no' : `after ${status.idleTimeoutS / 60} minutes`],
      ['models', models.join('\n') || 'none loaded yet'],
      [
        'model memory',
        `${prettyBytes(memory.usedBytes)} of ${prettyBytes(memory.limitBytes)}, ${memory.loads} towers loaded, ${memory.unloads} let go`,
      ],
      ['rows', `${rows.text} texts, ${rows.image} images, ${rows.zeroed} answered with zeros`],
      ['queue', `${queue.interactive} interactive, ${queue.bulk} bulk`],
      ['cache', `${cache.entries} vectors, ${prettyBytes(cache.bytes)}, ${cache.hits} hits, ${cache.misses} misses`],
    ],
  );
}
