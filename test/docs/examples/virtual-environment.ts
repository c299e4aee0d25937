import { existsSync } from 'node:fs';
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import type { KitHome } from '../../udf/kit-home.ts';

/**
 * Does what the page says of Python, without a network: `packaging` is a copy of the one that pip brings along. Gives the
 * reason if it cannot be done.
 */
export async function addVirtualEnvironment({ userScriptsPath }: KitHome): Promise<string | undefined> {
  const path = join(userScriptsPath, '.venv');
  const made = await execa('python3', ['-m', 'venv', path], { reject: false });
  if (made.exitCode !== 0) return `python3 -m venv failed: ${made.stdout}${made.stderr}`;
  const [version = ''] = await readdir(join(path, 'lib'));
  const packages = join(path, 'lib', version, 'site-packages');
  const vendored = join(packages, 'pip/_vendor/packaging');
  if (!existsSync(vendored)) return `this pip has no copy of packaging: ${vendored}`;
  await cp(vendored, join(packages, 'packaging'), { recursive: true });
  return undefined;
}
