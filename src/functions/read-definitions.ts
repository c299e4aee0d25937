import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { checkOptions } from './check-options.ts';
import { defineFunction } from './define-function.ts';
import type { FunctionDefinition } from './function-definition.ts';
import { isFunctionFile } from './function-file-name.ts';
import type { FunctionProblem } from './function-problem.ts';
import { compareProblems } from './function-problem.ts';
import { readFunctionFile } from './read-function-file.ts';
import type { FunctionSource, FunctionSources } from './function-source.ts';

/**
 * Reads every function file in a folder, XML or YAML. `definitions` has the functions whose options can all be read, by file and
 * place; `problems` says what is wrong in the files. A folder that does not exist holds no functions.
 */
export async function readFunctionFiles(
  functionsPath: string,
): Promise<{ definitions: FunctionDefinition[]; problems: FunctionProblem[] }> {
  const { sources, problems } = await readFunctionSources(functionsPath);
  return { definitions: defineFunctions(sources), problems };
}

/** Gives the definitions of those functions whose options are all right. */
export function defineFunctions(sources: readonly FunctionSource[]): FunctionDefinition[] {
  return sources.flatMap((source) => defineFunction(source) ?? []);
}

/** Reads every function file in a folder, and further files, as far as they can be read, in the order of the files' paths. */
export async function readFunctionSources(
  functionsPath: string,
  files: readonly string[] = [],
): Promise<FunctionSources> {
  const sources: FunctionSource[] = [];
  const problems: FunctionProblem[] = [];
  const listed: string[] = [];
  for (const entry of await listFolder(functionsPath, problems)) {
    const file = join(functionsPath, entry);
    if (isFunctionFile(entry)) listed.push(file);
    else if (/\.(xml|ya?ml)$/.test(entry)) problems.push(notRead(file));
  }
  const others = files.filter((file) => dirname(file) !== functionsPath);
  problems.push(...others.filter((file) => !isFunctionFile(basename(file))).map(notRead));
  for (const file of [...new Set([...listed, ...files])].toSorted()) {
    const content = await readContent(file, problems);
    if (!content) continue;
    const read = readFunctionFile(file, content);
    sources.push(...read.sources);
    problems.push(...read.problems);
  }
  for (const source of sources) problems.push(...checkOptions(source));
  return { sources, problems: problems.toSorted(compareProblems) };
}

async function listFolder(path: string, problems: FunctionProblem[]): Promise<string[]> {
  try {
    return (await readdir(path)).toSorted();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    problems.push(
      fileProblem(
        path,
        `the functions folder cannot be read (${errorCode(error)})`,
        'check the path and its permissions',
      ),
    );
    return [];
  }
}

async function readContent(file: string, problems: FunctionProblem[]): Promise<Buffer | undefined> {
  try {
    const found = await stat(file);
    // Reading a named pipe would wait for a writer.
    if (found.isFile() || found.isDirectory()) return await readFile(file);
    problems.push(fileProblem(file, 'this is not a file', 'remove it, or write the definition to a file'));
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    // An editor's lock, `.#NAME`, is a link that leads nowhere.
    if (code === 'ENOENT' && basename(file).startsWith('.')) return undefined;
    problems.push(
      code === 'EISDIR'
        ? fileProblem(file, 'this is a folder, not a file', 'rename the folder')
        : fileProblem(file, `the file cannot be read (${code})`, 'check its permissions'),
    );
    return undefined;
  }
}

function fileProblem(file: string, message: string, remedy: string): FunctionProblem {
  return { severity: 'error', file, line: 1, column: 1, element: '', message, remedy };
}

function notRead(file: string): FunctionProblem {
  const message = "ClickHouse does not read this file: its name does not end with '_function.xml', '.yaml' or '.yml'";
  return { ...fileProblem(file, message, 'rename it if it defines functions'), severity: 'note' };
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
