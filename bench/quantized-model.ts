import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { Bench } from './bench.ts';
import { runCommand } from './processes/command-line.ts';

/** The two graphs of the batch-invariant int8 model, or why there are none. */
export type QuantizedModel = { readonly textPath: string; readonly imagePath: string } | { readonly missing: string };

/** How well the variant agrees with fp32 says nothing on random weights. */
const smallComparison = ['--texts', '50', '--images', '10'];

/** Makes the int8-row files of the benchmark's model with `embedhouse models quantize`, unless they are there. */
export async function ensureQuantizedModel(bench: Bench): Promise<QuantizedModel> {
  const found = await findGraphs(bench);
  if (found !== undefined) return found;
  bench.progress('embedhouse models quantize');
  const { stdout: help } = await runCommand(bench, 'models', '--help');
  if (!help.includes('quantize')) return { missing: 'this embedhouse has no `models quantize`' };
  const { exitCode, stderr } = await runCommand(bench, 'models', 'quantize', bench.model.name, ...smallComparison);
  const made = exitCode === 0 ? await findGraphs(bench) : undefined;
  const reason = stderr.split('\n').find((line) => line.startsWith('embedhouse: ')) ?? stderr.trim().split('\n')[0];
  return made ?? { missing: `\`models quantize\` made no int8-row files (${reason})` };
}

async function findGraphs(bench: Bench): Promise<QuantizedModel | undefined> {
  const folder = join(bench.model.path, 'onnx');
  const files = await readdir(folder);
  const find = (tower: string): string | undefined =>
    files.find((file) => new RegExp(`^${tower}_model.*int8[-_]row\\.onnx$`).test(file));
  const [text, image] = [find('text'), find('vision')];
  if (text === undefined || image === undefined) return undefined;
  return { textPath: join(folder, text), imagePath: join(folder, image) };
}
