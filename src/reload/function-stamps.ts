import { readdir, stat } from 'node:fs/promises';
import { dirname, extname, join } from 'node:path';

import type { FunctionDefinition } from '../functions/function-definition.ts';
import { isFunctionFile } from '../functions/function-file-name.ts';

export interface FunctionFolders {
  functionsPath: string;
  userScriptsPath: string;
}

/** What tells two states of a file apart, by its path. */
export type FunctionStamps = ReadonlyMap<string, string>;

/** Other files in a folder of scripts may be what the scripts write. */
const codeExtensions = new Set('.py .js .mjs .cjs .ts .mts .cts .sh .bash .pl .rb .lua .php .jl .r .R'.split(' '));

/** Takes the state of the function files, and of the code in the folder of scripts. */
export async function takeStamps({ functionsPath, userScriptsPath }: FunctionFolders): Promise<FunctionStamps> {
  const functions = await listFiles(functionsPath, isFunctionFile);
  return stampsOf([...functions, ...(await listFiles(userScriptsPath, isCode))]);
}

/** Takes the state of the scripts that functions name, and of the code beside them. */
export async function takeScriptStamps(
  { userScriptsPath }: FunctionFolders,
  definitions: readonly FunctionDefinition[],
): Promise<FunctionStamps> {
  const scripts = definitions.flatMap((definition) => scriptPath(definition, userScriptsPath) ?? []);
  const folders = new Set(scripts.map((script) => dirname(script)));
  folders.delete(userScriptsPath);
  const beside = await Promise.all([...folders].map(async (folder) => listFiles(folder, isCode)));
  return stampsOf([...scripts, ...beside.flat()]);
}

/** The script that a function names, if it is no shell line. */
export function scriptPath(
  { executeDirect, command }: FunctionDefinition,
  userScriptsPath: string,
): string | undefined {
  return executeDirect ? join(userScriptsPath, command.split(' ')[0] ?? '') : undefined;
}

const isCode = (name: string): boolean => codeExtensions.has(extname(name));

async function listFiles(folder: string, isWanted: (name: string) => boolean): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter(isWanted).map((name) => join(folder, name));
}

async function stampsOf(paths: readonly string[]): Promise<FunctionStamps> {
  const unique = [...new Set(paths)].toSorted();
  const stamps = await Promise.all(unique.map(async (path) => [path, await takeStamp(path)] as const));
  return new Map(stamps.flatMap(([path, stamp]) => (stamp === undefined ? [] : [[path, stamp]])));
}

async function takeStamp(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return [found.mtimeNs, found.size, found.ino, found.mode].join(' ');
}
