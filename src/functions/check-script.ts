import { access, constants, open, readlink, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';

import { checkShebang } from './check-shebang.ts';
import { parseBoolean } from './function-options.ts';
import type { FunctionProblem, ScriptFault } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { problemIn } from './problem-in.ts';

export interface ScriptLocation {
  /** Folder that ClickHouse's `user_scripts_path` names. */
  userScriptsPath: string;
  /** The `PATH` that the scripts will see, for `#!/usr/bin/env`. */
  searchPath: string;
}

/**
 * Checks that ClickHouse can start the script that a function's command names. A shell line (`execute_direct` off) is
 * not looked into.
 */
export async function checkScript(source: FunctionSource, location: ScriptLocation): Promise<FunctionProblem[]> {
  const command = source.options.get('command');
  const isDirect = parseBoolean(source.options.get('execute_direct')?.text ?? 'true') ?? true;
  if (!command?.text || command.text.trim() === '' || !isDirect) return [];
  const fault = await findScriptFault(command.text, location);
  return fault ? [problemIn(source, command, 'command', fault.message, fault.remedy)] : [];
}

/** Says why ClickHouse could not start the script that a command names, if it could not. */
export async function findScriptFault(command: string, location: ScriptLocation): Promise<ScriptFault | undefined> {
  const { userScriptsPath } = location;
  // ClickHouse splits at single spaces, so leading white space makes an empty name, and a line break is part of one.
  const script = command.split(' ')[0] ?? '';
  if (script === '' || /\s/.test(script)) {
    return {
      message: `the command begins with white space or breaks its line, which ClickHouse takes as part of the script's name`,
      remedy: `write <command>${excerpt(command.trim())}</command> in one line`,
    };
  }
  if (isAbsolute(script)) {
    const message = `'${script}' is an absolute path, but scripts are named relative to the user scripts folder ${userScriptsPath}`;
    return { message, remedy: 'put the script there and name it without the folder' };
  }
  if (normalize(script).startsWith('..')) {
    const message = `script '${script}' is outside the user scripts folder ${userScriptsPath}`;
    return { message, remedy: 'put the script, or a link to it, into that folder' };
  }
  return findFileFault(script, join(userScriptsPath, script), location);
}

async function findFileFault(script: string, path: string, location: ScriptLocation): Promise<ScriptFault | undefined> {
  let isFile: boolean;
  try {
    isFile = (await stat(path)).isFile();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      const message = `script '${script}' in ${location.userScriptsPath} cannot be reached (${String(code)})`;
      return { message, remedy: 'check the permissions of the folders and links on its path' };
    }
    const target = await readlink(path).catch(() => undefined);
    if (target !== undefined) {
      const message = `script '${script}' in ${location.userScriptsPath} is a link to ${target}, which does not exist`;
      return { message, remedy: 'put the program there, or remove the link' };
    }
    const message = `script '${script}' does not exist in ${location.userScriptsPath}`;
    return { message, remedy: 'put it there, or correct the name' };
  }
  if (!isFile) return { message: `script '${script}' is not a file`, remedy: 'name the file to run' };
  try {
    await access(path, constants.X_OK);
  } catch {
    return { message: `script '${script}' is not executable`, remedy: `run chmod +x ${path}` };
  }
  try {
    return await checkShebang(script, await readHead(path), location.searchPath);
  } catch {
    // A program may be executable without being readable; then the system alone can say what it is.
    return undefined;
  }
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
