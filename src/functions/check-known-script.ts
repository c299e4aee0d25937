import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import { isDirect } from './check-script.ts';
import { parseBoolean } from './function-options.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** A script that a function names, and what the function says about it. */
export interface NamedScript {
  /** The function's. */
  name: string;
  /** Real path of the script. */
  path: string;
  /** The words behind the script's name. */
  args: string[];
  format: string;
  sendChunkHeader: boolean;
  argumentTypes: string[];
  returnType: string;
}

interface KnownScriptFault extends Pick<FunctionProblem, 'severity' | 'message' | 'remedy'> {
  element: 'command' | 'argument' | 'return_type';
}

/** Checks what a function says against what its script expects, of scripts that someone knows; finds nothing about others. */
export type KnownScriptChecker = (script: NamedScript) => Promise<KnownScriptFault[]>;

/** Lets a checker judge the script that a function names directly, if it is there. */
export async function checkKnownScript(
  source: FunctionSource,
  userScriptsPath: string,
  check: KnownScriptChecker,
): Promise<FunctionProblem[]> {
  const text = (name: string): string => source.options.get(name)?.text ?? '';
  const command = source.options.get('command');
  const [script = '', ...args] = text('command').split(' ');
  if (!command || script === '' || !isDirect(source)) return [];
  const path = await realpath(join(userScriptsPath, script)).catch(() => undefined);
  if (path === undefined) return [];
  const faults = await check({
    name: source.name ?? '',
    path,
    args: args.filter((word) => word !== ''),
    format: text('format'),
    sendChunkHeader: parseBoolean(text('send_chunk_header')) ?? false,
    argumentTypes: source.arguments.map(({ type }) => type?.text?.trim() ?? ''),
    returnType: text('return_type').trim(),
  });
  return faults.map(({ severity, element, message, remedy }) => {
    const at = element === 'argument' ? source.arguments[0] : source.options.get(element);
    return { ...problemIn(source, at ?? command, element, message, remedy), severity };
  });
}
