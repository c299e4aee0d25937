import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { isParameter, readDefinitions, splitCommand, type Definition } from './read-definition.ts';
import { isSameSignature, type Signature } from './signature.ts';

export interface Script {
  /** As ClickHouse started it. */
  path: string;
  /** What followed it. */
  arguments: readonly string[];
  /** Where the definitions are, if the environment says so. */
  functionsPath: string | undefined;
  /** The function's name, if the script says so. */
  functionName: string | undefined;
}

/** Where a server has its definitions, by its stock configuration. */
const serverFolders = ['/etc/clickhouse-server', '/etc/clickhouse-server/functions'];
/** How far above a script the folder with `functions` in it may be. */
const folderLevels = 4;

/**
 * Finds the function that a script is started for: ClickHouse tells a script nothing but its command.
 * @throws FUNCTIONS_INVALID when no definition names the script, or several that differ
 */
export function findSignature(script: Script): Signature {
  const folders = definitionFolders(script);
  const named = folders.map((folder) => readFolder(folder, script)).find((found) => found.length > 0) ?? [];
  const candidates = named.filter(({ name }) => script.functionName === undefined || name === script.functionName);
  const matching = candidates.filter((definition) => matchesCommand(definition, script));
  const [first, ...others] = (matching.length > 0 ? matching : candidates).map((definition) => definition.signature());
  const file = basename(script.path);
  if (first === undefined) {
    const wanted = script.functionName === undefined ? '' : ` of a function ${script.functionName}`;
    throw new EmbedhouseError(
      'FUNCTIONS_INVALID',
      `no definition${wanted} with the command ${file} was found in ${folders.join(', ')}: set EMBEDHOUSE_FUNCTIONS to the folder of the *_function.xml files, or give the types in the script, as serve({ arguments: ['String'], returns: 'String', format: 'TabSeparated' }, …)`,
    );
  }
  const different = others.find((other) => !isSameSignature(first, other));
  if (different !== undefined) {
    throw new EmbedhouseError(
      'FUNCTIONS_INVALID',
      `the functions ${first.name} and ${different.name} both have the command ${[file, ...script.arguments].join(' ')} and differ: add the function's name to each <command>, and serve({ function: process.argv[2] }, …)`,
    );
  }
  return first;
}

/** Gives the folders in which a script's definition is looked for, in this order. */
export function definitionFolders({ path, functionsPath }: Pick<Script, 'path' | 'functionsPath'>): string[] {
  if (functionsPath !== undefined && functionsPath !== '') return [functionsPath];
  const folders: string[] = [];
  let folder = dirname(path);
  for (let level = 0; level < folderLevels && folder !== dirname(folder); level++) {
    if (level === 0) folders.push(folder);
    folder = dirname(folder);
    folders.push(join(folder, 'functions'));
  }
  return [...folders, ...serverFolders];
}

/** Reads the definitions in a folder whose command names the script. */
function readFolder(folder: string, { path }: Script): Definition[] {
  const file = basename(path);
  return listDefinitionFiles(folder).flatMap((name) => {
    const definitionFile = join(folder, name);
    const text = readText(definitionFile);
    if (!text.includes(file)) return [];
    return readDefinitions(definitionFile, text).filter((definition) => namesScript(definition, path));
  });
}

function namesScript({ command, executeDirect }: Definition, path: string): boolean {
  if (!executeDirect) return command.includes(basename(path));
  const [first = ''] = splitCommand(command);
  return first === path || path.endsWith(`/${first}`);
}

function matchesCommand({ command, executeDirect }: Definition, script: Script): boolean {
  if (!executeDirect) return true;
  const words = splitCommand(command).slice(1);
  return (
    words.length === script.arguments.length &&
    words.every((word, index) => word === script.arguments[index] || isParameter(word))
  );
}

function listDefinitionFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('_function.xml'))
      .toSorted();
  } catch {
    return [];
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
