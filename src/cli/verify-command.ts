import { basename, join } from 'node:path';

import type { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import prettyBytes from 'pretty-bytes';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { stoppable } from '../signals/stoppable.ts';
import { readPullRecord } from '../models/hub/pull-record.ts';
import { verifyModel, type ChangedFile } from '../models/hub/verify-model.ts';
import { listModelFolders } from '../models/model-folder.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { printTable } from './print-table.ts';
import { createProgressBar } from './progress-bar.ts';

type Verified =
  | { name: string; result: 'ok'; files: number; bytes: number }
  | { name: string; result: 'changed'; files: number; bytes: number; changed: ChangedFile[] }
  | { name: string; result: 'not recorded' }
  | { name: string; result: 'unreadable'; problem: string };

/** `embedhouse models verify`: reads pulled models again. */
export function addVerifyCommand(models: Command): void {
  models
    .command('verify')
    .description('check that the files of pulled models are as they were when they were pulled')
    .argument('[names...]', 'models (all)')
    .option('--json', 'as JSON')
    .addHelpText(
      'after',
      `
Each file's SHA-256 is compared with the one that 'models pull' wrote down in the model's pulled.json. A changed or missing
file is fetched again with 'models pull'. Exit code 0 when all is well, 1 when something is changed or missing, or when a
model that was named has no record.

Examples:
  embedhouse models verify
  embedhouse models verify clip-vit-base-patch32 --json`,
    )
    .action(async (names: string[], { json }: { json?: true }, command: Command) => {
      const { modelsPath } = await openHomeOf(command);
      const installed = await listModelFolders(modelsPath);
      const unknown = names.find((name) => !installed.some((folder) => folder.name === name));
      if (unknown !== undefined) {
        throw new EmbedhouseError(
          'MODEL_NOT_INSTALLED',
          `there is no model '${unknown}' in ${modelsPath}; see the models with 'embedhouse models list'`,
        );
      }
      const chosen = names.length > 0 ? [...new Set(names)] : installed.map(({ name }) => name);
      using bar = new VerifyProgressBar();
      const verified = await interruptible(async (signal) =>
        stoppable(signal, 'the check was stopped', async () => {
          const results: Verified[] = [];
          for (const name of chosen) {
            results.push(await verify(join(modelsPath, name), signal, bar));
          }
          return results;
        }),
      );
      bar[Symbol.dispose]();
      if (json) {
        process.stdout.write(`${JSON.stringify(verified)}\n`);
      } else if (verified.length === 0) {
        process.stderr.write(`There are no models in ${modelsPath}.\n`);
      } else {
        printTable(['model', 'result', 'details'], verified.flatMap(toRows));
      }
      const isWell = ({ result }: Verified): boolean =>
        result === 'ok' || (result === 'not recorded' && names.length === 0);
      process.exitCode = verified.every(isWell) ? 0 : 1;
    });
}

async function verify(path: string, signal: AbortSignal, bar: VerifyProgressBar): Promise<Verified> {
  const name = basename(path);
  try {
    const record = await readPullRecord(path);
    if (record === undefined) {
      return { name, result: 'not recorded' };
    }
    const files = Object.values(record.files);
    const bytes = files.reduce((total, file) => total + file.bytes, 0);
    bar.start(name, bytes);
    const changed = await verifyModel(path, record, { signal, onBytes: (_, more) => bar.add(more) });
    const checked = { name, files: files.length, bytes };
    return changed.length === 0 ? { ...checked, result: 'ok' } : { ...checked, result: 'changed', changed };
  } catch (error) {
    if (signal.aborted) {
      throw error;
    }
    // One model that cannot be read must not hide what is known of the others.
    const problem = error instanceof Error ? error.message : String(error);
    return { name, result: 'unreadable', problem };
  }
}

function toRows(verified: Verified): string[][] {
  const { name, result } = verified;
  if (result === 'changed') {
    return verified.changed.map((file) => [name, file.found === undefined ? 'missing' : result, describe(file)]);
  }
  if (result === 'ok') {
    return [[name, result, `${verified.files} files, ${prettyBytes(verified.bytes)}`]];
  }
  const details = result === 'unreadable' ? verified.problem : 'not pulled, so that nothing is known to compare with';
  return [[name, result, details]];
}

function describe({ path, expected, found }: ChangedFile): string {
  if (found === undefined) {
    return `${path}: expected ${expected.bytes} bytes`;
  }
  return found.bytes === expected.bytes
    ? `${path}: expected sha256 ${expected.sha256}, found ${found.sha256}`
    : `${path}: expected ${expected.bytes} bytes, found ${found.bytes}`;
}

/** Shows on a terminal how far the reading of a model is; elsewhere nothing. */
class VerifyProgressBar implements Disposable {
  #bar: SingleBar | undefined;

  start(name: string, bytes: number): void {
    this[Symbol.dispose]();
    if (process.stderr.isTTY) {
      this.#bar = createProgressBar(process.stderr, '{bar} {percentage}% | {name}');
      this.#bar.start(bytes, 0, { name });
    }
  }

  add(bytes: number): void {
    this.#bar?.increment(bytes);
  }

  [Symbol.dispose](): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}
