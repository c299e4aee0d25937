import { setMaxListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';

import { Command } from 'commander';

import { CaptionWriter } from './data/captions.ts';
import { openTokenizer } from './data/tokenize.ts';
import { allFigures } from './figures/all-figures.ts';
import { describeLengths } from './figures/text-throughput.ts';
import { ensureFullSizeModel } from './model/full-size-model.ts';
import { describeMachine } from './report/machine.ts';
import type { Outcome } from './report/outcome.ts';
import { printReport } from './report/print-report.ts';
import { writeJson } from './report/write-json.ts';
import { bridgePath, programPath } from './repository-path.ts';
import { runFigures } from './run-figures.ts';
import { fullSettings, quickSettings } from './settings.ts';
import { makeWorkspace } from './workspace.ts';

interface Options {
  quick?: true;
  only?: string[];
  json: string;
}

const names = allFigures.map(({ name }) => name);
/** Why everything ends: Ctrl-C, or a polite end. */
class Interrupted extends Error {}

/** One Ctrl-C may arrive twice within milliseconds: npm passes on what the terminal has sent already. */
const sameSignalMs = 200;

function readOptions(): Options {
  return new Command('npm run bench --')
    .description('measures embedhouse beside the naive way and beside the machine’s limits; see bench/README.md')
    .option('--quick', 'fewer rounds and smaller loads: three to four minutes, and rougher')
    .option('--only <name>', `measure one figure (may be given several times): ${names.join(', ')}`, collect)
    .option('--json <file>', 'where all samples go', 'bench/.cache/results.json')
    .parse()
    .opts<Options>();
}

function collect(name: string, previous: string[] = []): string[] {
  return [...previous, name];
}

function cancelOnSignals(): AbortSignal {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  let firstAt = 0;
  const onSignal = (): void => {
    if (controller.signal.aborted && performance.now() - firstAt > sameSignalMs) process.kill(process.pid, 'SIGKILL');
    firstAt ||= performance.now();
    progress('interrupted: stopping what was started');
    controller.abort(new Interrupted('interrupted'));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return controller.signal;
}

function progress(text: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${text}\n`);
}

async function main(): Promise<void> {
  const { quick, only = [], json } = readOptions();
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`there is no figure '${unknown}': choose of ${names.join(', ')}`);
  if (!existsSync(programPath) || !existsSync(bridgePath)) throw new Error('embedhouse is not built: npm run build');
  const signal = cancelOnSignals();
  const startedAt = new Date();
  const settings = quick ? quickSettings : fullSettings;
  const model = await ensureFullSizeModel(progress);
  const tokenize = await openTokenizer(model);
  const machine = await describeMachine();
  await using workspace = await makeWorkspace(model.modelsPath, model.name);
  const bench = {
    settings,
    model,
    workspace,
    env: workspace.env,
    cores: availableParallelism(),
    tokenize,
    captions: new CaptionWriter(tokenize),
    signal,
    progress,
  };
  const figures = only.length === 0 ? allFigures : allFigures.filter(({ name }) => only.includes(name));
  const outcomes: Outcome[] = [];
  try {
    for await (const rows of runFigures(bench, figures)) outcomes.push(...rows);
  } finally {
    // Also when interrupted: what was measured by then was measured.
    if (outcomes.length > 0) {
      const results = {
        startedAt: startedAt.toISOString(),
        elapsedS: Math.round((Date.now() - startedAt.getTime()) / 1000),
        machine,
        settings,
        captions: describeLengths(new CaptionWriter(tokenize).write(10_000)),
        outcomes,
      };
      printReport(results);
      await writeJson(resolve(json), results);
      progress(`all samples: ${json}`);
    }
  }
}

// A reader of the table that has gone must not leave processes and folders behind.
process.stdout.on('error', () => {});
try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof Interrupted ? 130 : 1;
}
