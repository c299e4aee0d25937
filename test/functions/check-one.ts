import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import type { KnownScriptChecker } from '../../src/functions/check-known-script.ts';
import type { FunctionProblem } from '../../src/functions/function-problem.ts';

export interface CheckOneOptions {
  /** Executable files in the user scripts folder, beside `echo.sh`. */
  scripts?: Record<string, string>;
  checkKnownScript?: KnownScriptChecker;
}

/** Checks one function file, `one_function.xml` or as it is called, in folders of its own. */
export async function checkText(
  text: string,
  { scripts = {}, checkKnownScript, file = 'one_function.xml' }: CheckOneOptions & { file?: string } = {},
): Promise<FunctionProblem[]> {
  const home = await mkdtemp(join(tmpdir(), 'embedhouse-check-'));
  try {
    const [functionsPath, userScriptsPath] = [join(home, 'functions'), join(home, 'user_scripts')];
    await mkdir(functionsPath);
    await mkdir(userScriptsPath);
    await writeFile(join(functionsPath, file), text);
    for (const [name, content] of Object.entries({ 'echo.sh': '#!/bin/sh\nexec cat\n', ...scripts })) {
      await writeFile(join(userScriptsPath, name), content);
      await chmod(join(userScriptsPath, name), 0o755);
    }
    const { problems } = await checkFunctions({
      functionsPath,
      userScriptsPath,
      searchPath: '/usr/bin:/bin',
      ...(checkKnownScript && { checkKnownScript }),
    });
    return problems;
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Checks a function that is right but for the elements given, which replace or, where `undefined`, remove its own. */
export async function checkElements(
  elements: Record<string, string | undefined>,
  options?: CheckOneOptions,
): Promise<FunctionProblem[]> {
  const all = {
    type: 'executable',
    name: 'f',
    command: 'echo.sh',
    argument: '<type>String</type>',
    return_type: 'String',
    format: 'TabSeparated',
    ...elements,
  };
  const lines = Object.entries(all).flatMap(([tag, value]) => (value === undefined ? [] : `<${tag}>${value}</${tag}>`));
  return checkText(`<functions><function>\n${lines.join('\n')}\n</function></functions>`, options);
}
