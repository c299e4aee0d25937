import { basename, isAbsolute } from 'node:path';

import { findProgram, isProgram } from './find-program.ts';
import type { ScriptFault } from './function-problem.ts';

/** First bytes of programs: ELF, and Mach-O in its byte orders and as a universal binary. */
const programMagics = new Set(['7f454c46', 'feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe']);

/**
 * Checks that the system can execute a file with these first bytes: a program, or a script whose first line names an
 * interpreter that exists, directly or through `env` by a search path.
 */
export async function checkShebang(script: string, head: Buffer, searchPath: string): Promise<ScriptFault | undefined> {
  if (head.length === 0) return { message: `script '${script}' is empty`, remedy: 'write the script' };
  if (programMagics.has(head.subarray(0, 4).toString('hex'))) return undefined;
  const text = head.toString('utf8');
  if (text.startsWith('\ufeff#!')) {
    const message = `script '${script}' has a byte order mark before '#!', so the system cannot execute it`;
    return { message, remedy: 'save it as UTF-8 without the mark', repair: 'remove-byte-order-mark' };
  }
  if (!text.startsWith('#!')) {
    const message = `script '${script}' does not begin with '#!', so the system cannot execute it`;
    return { message, remedy: "make its first line name the interpreter, such as '#!/usr/bin/env python3'" };
  }
  const line = text.slice(2).split('\n', 1)[0] ?? '';
  if (line.endsWith('\r')) {
    const message = `script '${script}' has Windows line endings, so its interpreter is '${line.trim()}' with a carriage return`;
    return { message, remedy: 'save it with LF line endings', repair: 'use-lf-line-ends' };
  }
  const [, interpreter = '', argument = ''] = /^[ \t]*(\S*)[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
  if (interpreter === '') return { message: `script '${script}' names no interpreter after '#!'`, remedy: 'name one' };
  if (!isAbsolute(interpreter)) {
    const message = `script '${script}' names its interpreter '${interpreter}' without a full path`;
    return { message, remedy: `write '#!/usr/bin/env ${interpreter}'` };
  }
  if (!(await isProgram(interpreter))) return noInterpreter(script, interpreter, 'does not exist or is not executable');
  return basename(interpreter) === 'env' ? checkEnv(script, argument, searchPath) : undefined;
}

async function checkEnv(script: string, argument: string, searchPath: string): Promise<ScriptFault | undefined> {
  const split = /^(?:-S|--split-string[= ])\s*(.*)$/.exec(argument)?.[1];
  // Linux hands all that follows the interpreter over as one argument; macOS splits it.
  if (split === undefined && /\s/.test(argument) && process.platform === 'linux') {
    const message = `script '${script}' starts through env, which looks for one program named '${argument}'`;
    return { message, remedy: `write '#!/usr/bin/env -S ${argument}'` };
  }
  const program = (split ?? argument).split(/\s+/).find((word) => !/^\w+=/.test(word)) ?? '';
  // With further options of env, which word is the program is not judged.
  if (program.startsWith('-')) return undefined;
  if (program === '') return { message: `script '${script}' gives env no program to run`, remedy: 'name one' };
  if (program.includes('/')) {
    return (await isProgram(program))
      ? undefined
      : noInterpreter(script, program, 'does not exist or is not executable');
  }
  if (await findProgram(program, searchPath)) return undefined;
  return noInterpreter(script, program, 'is in no folder of PATH');
}

function noInterpreter(script: string, interpreter: string, fault: string): ScriptFault {
  return {
    message: `the interpreter '${interpreter}' of script '${script}' ${fault}`,
    remedy: `install ${basename(interpreter)}, or correct the script's first line`,
  };
}
