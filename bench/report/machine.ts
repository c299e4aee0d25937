import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import { join } from 'node:path';

import { repositoryPath } from '../repository-path.ts';

/** What the figures depend on beside embedhouse itself. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  /** Instruction sets that matrix products use, as Linux names them. */
  readonly instructions: readonly string[];
  readonly memoryGiB: number;
  readonly system: string;
  readonly versions: Readonly<Record<string, string>>;
}

const interesting = new Set([
  'avx2',
  'avx512f',
  'avx512_vnni',
  'avx_vnni',
  'avx512_bf16',
  'amx_int8',
  'asimddp',
  'i8mm',
]);
const packages = ['onnxruntime-node', 'sharp', 'chdb'] as const;

export async function describeMachine(): Promise<Machine> {
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:\s*(?<flags>.*)$/m.exec(cpuinfo)?.groups?.['flags'] ?? '';
  const versions: Record<string, string> = { node: process.versions.node, embedhouse: await versionAt(repositoryPath) };
  const require = createRequire(import.meta.url);
  for (const name of packages) {
    // Not every package exports its package.json.
    const folder = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, 'package.json'))) ?? '';
    versions[name] = await versionAt(join(folder, name));
  }
  return {
    processor: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    instructions: flags.split(' ').filter((flag) => interesting.has(flag)),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    versions,
  };
}

async function versionAt(folder: string): Promise<string> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => '{}');
  return (JSON.parse(text) as { version?: string }).version ?? 'unknown';
}
