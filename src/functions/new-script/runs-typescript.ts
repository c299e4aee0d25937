import { execa } from 'execa';

import { findProgram } from '../find-program.ts';

/** The first version of each major one that runs TypeScript without a flag; all later ones do. */
const firstMinors: Readonly<Record<number, number>> = { 22: 18, 23: 6 };

/** Whether a Node of this version, such as `v22.18.0`, runs TypeScript by itself. */
export function runsTypescript(version: string): boolean {
  const [, major = 0, minor = 0] = /^v(\d+)\.(\d+)\./.exec(version)?.map(Number) ?? [];
  return major > 23 || minor >= (firstMinors[major] ?? Number.POSITIVE_INFINITY);
}

/** Gives the version of the Node that `#!/usr/bin/env node` starts, `undefined` where there is none. */
export async function findNodeVersion(searchPath: string): Promise<string | undefined> {
  const node = await findProgram('node', searchPath);
  if (node === undefined) return undefined;
  const { stdout, failed } = await execa(node, ['--version'], { reject: false, timeout: 10_000 });
  return failed ? undefined : stdout.trim();
}
