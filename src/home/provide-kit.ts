import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findsKit } from '../udf/finds-kit.ts';
import { link } from './link.ts';
import { packagePath } from './package-path.ts';

/** Links this package into a folder of scripts, where they then find `embedhouse/udf`; answers the link's path. */
export async function linkKit(userScriptsPath: string): Promise<string> {
  const path = kitLink(userScriptsPath);
  await link(resolve(packagePath), dirname(path), basename(path));
  return path;
}

/** Where scripts in a folder find `embedhouse/udf`. */
export function kitLink(userScriptsPath: string): string {
  return join(userScriptsPath, 'node_modules/embedhouse');
}

/**
 * Puts the kit that a script needs into a folder of scripts, unless a script there finds it already. Answers the path of
 * what was made, if anything was.
 *
 * @throws FILE_UNUSABLE when it cannot be put there
 */
export async function provideKit(kit: 'python' | 'javascript', userScriptsPath: string): Promise<string | undefined> {
  try {
    await mkdir(userScriptsPath, { recursive: true });
    if (kit === 'javascript')
      return findsKit(join(await realpath(userScriptsPath), 'script.mjs')) ? undefined : await linkKit(userScriptsPath);
    const file = join(userScriptsPath, 'embedhouse_udf.py');
    if (existsSync(file)) return undefined;
    await copyFile(join(packagePath, 'user_scripts/embedhouse_udf.py'), file, constants.COPYFILE_EXCL);
    return file;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `the kit that the script imports cannot be put into ${userScriptsPath} (${reason}); make the folder writable, or name another with --user-scripts`,
      { cause },
    );
  }
}
