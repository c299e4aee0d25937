import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Bench } from '../bench.ts';
import type { Figure, Measurement } from '../figure.ts';
import { mustRun } from '../processes/command-line.ts';

/** From nothing running to a vector on stdout, and the same with a host that has its model. */
export const coldStartFigure: Figure = {
  name: 'cold-start',
  measure: async (bench) => {
    const starts: Start[] = [];
    try {
      // The first start pays for what is kept on the disk: it is not counted.
      for (let time = 0; time <= bench.settings.coldStarts; time++) {
        bench.progress(`cold start ${time} of ${bench.settings.coldStarts}`);
        const start = await measureStart(bench, time);
        if (time > 0) starts.push(start);
      }
    } finally {
      await stopHost(bench);
    }
    const of = (part: keyof Start): number[] => starts.map((start) => start[part]);
    const parts = {
      'embedhouse --version (process start) ms': of('version'),
      'SELECT 1: first byte (process start, engine open) ms': of('select1'),
      'cold: host listens at ms': of('hostListens'),
      'cold: first encoder process started at ms': of('encoderStarted'),
      'cold: text tower loaded at ms': of('towerLoaded'),
      'cold: of that, loading the graph ms': of('loading'),
      'cold: first byte ms': of('cold'),
      'cold: process ended ms': of('coldEnd'),
    };
    const figures: Measurement[] = [
      {
        what: 'cold start: embedhouse query "SELECT encode_text(\'…\')" with no host, to its first vector',
        unit: 'ms',
        samples: of('cold'),
        parts,
        notes: ['files in the page cache; times from before the process was started; NaN: not seen in the log'],
      },
      {
        what: 'the same command with a host that has the model loaded',
        unit: 'ms',
        samples: of('warm'),
        parts: { 'SELECT 1: first byte ms': of('select1') },
      },
    ];
    return figures;
  },
};

/** Milliseconds from before a command was started. */
interface Start {
  version: number;
  select1: number;
  cold: number;
  coldEnd: number;
  warm: number;
  hostListens: number;
  encoderStarted: number;
  towerLoaded: number;
  loading: number;
}

async function measureStart(bench: Bench, time: number): Promise<Start> {
  await stopHost(bench);
  const logPath = join(bench.workspace.runtimePath, 'host.log');
  await rm(logPath, { force: true });
  const version = await mustRun(bench, '--version');
  const select1 = await mustRun(bench, 'query', 'SELECT 1');
  const cold = await mustRun(bench, 'query', `SELECT encode_text('a cold start, number ${time}')`);
  const warm = await mustRun(bench, 'query', `SELECT encode_text('a warm start, number ${time}')`);
  const log = parseLog(await readFile(logPath, 'utf8'));
  const since = (pattern: RegExp): number => {
    const line = log.find(({ msg }) => pattern.test(msg));
    return line === undefined ? Number.NaN : Date.parse(line.time) - cold.startedAt;
  };
  const loaded = log.find(({ msg }) => towerInMemory.test(msg));
  return {
    version: version.firstByteMs,
    select1: select1.firstByteMs,
    cold: cold.firstByteMs,
    coldEnd: cold.elapsedMs,
    warm: warm.firstByteMs,
    hostListens: since(/listens/),
    encoderStarted: since(/encoder.* started/),
    towerLoaded: since(towerInMemory),
    loading: loaded?.loadMs ?? loaded?.towers?.[0]?.loadMs ?? Number.NaN,
  };
}

/** What the host's log says when an encoder process has a graph: `tower loaded`, `towers in memory`. */
const towerInMemory = /tower.* (?:loaded|in memory)/;

interface LogLine {
  msg: string;
  time: string;
  loadMs?: number;
  towers?: { loadMs: number }[];
}

/** The host's log has one JSON object a line, and perhaps lines of others. */
function parseLog(text: string): LogLine[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
}

async function stopHost(bench: Bench): Promise<void> {
  // The host was started by a bridge: it is nobody's child, and has to go when the benchmark is interrupted, too.
  await mustRun({ ...bench, signal: AbortSignal.timeout(30_000) }, 'host', 'stop');
}
