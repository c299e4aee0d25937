import { access, constants, open, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';

import { checkKit } from './check-kit.ts';
import { checkShebang } from './check-shebang.ts';
import { checkScriptText } from './check-script-text.ts';
import type { SyntaxChecks } from './check-syntax.ts';
import { parseBoolean } from './function-options.ts';
import type { FunctionProblem, ScriptFault } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { problemIn } from './problem-in.ts';
import { findProgram } from './find-program.ts';

export interface ScriptLocation {
  /** Folder that ClickHouse's `user_scripts_path` names. */
  userScriptsPath: string;
  /** The `PATH` that the scripts will see, for `#!/usr/bin/env`. */
  searchPath: string;
}

/**
 * Checks that ClickHouse can start the script that a function's command names, and that its lines end as they should. A
 * shell line (`execute_direct` off) is not looked into.
 */
export async function checkScript(
  source: FunctionSource,
  location: ScriptLocation & { syntax?: SyntaxChecks | undefined },
): Promise<FunctionProblem[]> {
  const command = source.options.get('command');
  if (!command?.text || command.text.trim() === '' || !isDirect(source)) return [];
  const faults = await findScriptFaults(command.text, location);
  const script = command.text.split(' ')[0] ?? '';
  if (location.syntax !== undefined && !faults.some(({ severity }) => severity === undefined)) {
    faults.push(...(await location.syntax.find(script, join(location.userScriptsPath, script))));
  }
  const isRepairable = faults.some(({ repair }) => repair !== undefined);
  const path = isRepairable ? await realPathInside(script, location) : undefined;
  return faults.map(({ message, remedy, severity, repair }): FunctionProblem => {
    const problem = problemIn(source, command, 'command', message, remedy);
    if (severity) problem.severity = severity;
    return repair && path ? { ...problem, fix: { repair, path } } : problem;
  });
}

/** Whether the command names a script; `execute_direct` is on unless the file says otherwise. */
export function isDirect(source: FunctionSource): boolean {
  return parseBoolean(source.options.get('execute_direct')?.text ?? 'true') ?? true;
}

/** Says why ClickHouse could not start the script that a command names, if it could not. */
export async function findScriptFault(command: string, location: ScriptLocation): Promise<ScriptFault | undefined> {
  const faults = await findScriptFaults(command, location);
  return faults.find(({ severity }) => severity === undefined);
}

async function findScriptFaults(command: string, location: ScriptLocation): Promise<ScriptFault[]> {
  const { userScriptsPath } = location;
  // ClickHouse splits at single spaces, so leading white space makes an empty name, and a line break is part of one.
  const script = command.split(' ')[0] ?? '';
  if (script === '' || /\s/.test(script)) {
    const message = `the command begins with white space or breaks its line, which ClickHouse takes as part of the script's name`;
    return [{ message, remedy: `write '${excerpt(command.trim())}' in one line, without blanks around it` }];
  }
  if (isAbsolute(script)) {
    const message = `'${script}' is an absolute path, but scripts are named relative to the user scripts folder ${userScriptsPath}`;
    return [{ message, remedy: 'put the script there and name it without the folder' }];
  }
  if (normalize(script).startsWith('..')) {
    const message = `script '${script}' is outside the user scripts folder ${userScriptsPath}`;
    return [{ message, remedy: 'put the script, or a link to it, into that folder' }];
  }
  const path = join(userScriptsPath, script);
  const missing = await findNoFile(script, path, command, location);
  return missing ? [missing] : findFileFaults(script, path, location);
}

async function findNoFile(
  script: string,
  path: string,
  command: string,
  { userScriptsPath, searchPath }: ScriptLocation,
): Promise<ScriptFault | undefined> {
  try {
    if ((await stat(path)).isFile()) return undefined;
    return { message: `script '${script}' is not a file`, remedy: 'name the file to run' };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      const message = `script '${script}' in ${userScriptsPath} cannot be reached (${String(code)})`;
      return { message, remedy: 'check the permissions of the folders and links on its path' };
    }
  }
  const target = await readlink(path).catch(() => undefined);
  if (target !== undefined) {
    const message = `script '${script}' in ${userScriptsPath} is a link to ${target}, which does not exist`;
    return { message, remedy: 'put the program there, or remove the link' };
  }
  const message = `script '${script}' does not exist in ${userScriptsPath}`;
  if (!script.includes('/') && (await findProgram(script, searchPath))) {
    const named = command.split(' ').find((word) => /\.\w+$/.test(word)) ?? 'the script';
    const remedy = `ClickHouse starts only what is in that folder: name ${named} itself, whose first line names its interpreter, or turn execute_direct off`;
    return { message, remedy };
  }
  return { message, remedy: 'put it there, or correct the name' };
}

async function findFileFaults(script: string, path: string, location: ScriptLocation): Promise<ScriptFault[]> {
  const faults: ScriptFault[] = [];
  try {
    await access(path, constants.X_OK);
  } catch {
    const message = `script '${script}' is not executable`;
    faults.push({ message, remedy: `run chmod +x ${path}`, repair: 'make-executable' });
  }
  try {
    const head = await readHead(path);
    const fault = await checkShebang(script, head, location.searchPath);
    if (fault) faults.push(fault);
    const isScript = head.subarray(0, 2).toString('latin1') === '#!';
    if (isScript && fault?.repair === undefined) {
      const content = await readFile(path);
      faults.push(...checkScriptText(script, content), ...(await checkKit(script, path, content.toString())));
    }
  } catch {
    // A program may be executable without being readable; then the system alone can say what it is.
  }
  return faults;
}

async function readHead(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The real path of a script that is itself in the folder: what a link leads to elsewhere is not ours to change. */
async function realPathInside(script: string, { userScriptsPath }: ScriptLocation): Promise<string | undefined> {
  try {
    const [real, root] = await Promise.all([realpath(join(userScriptsPath, script)), realpath(userScriptsPath)]);
    return real.startsWith(root + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}
