import { basename } from 'node:path';

import type { ScriptFault } from './function-problem.ts';
import { isPythonModule } from './python-modules.ts';

/** Looks for what makes a script, which begins with `#!`, misbehave although the system can start it. */
export function checkScriptText(script: string, content: Uint8Array): ScriptFault[] {
  const faults: ScriptFault[] = [];
  const text = Buffer.from(content).toString('latin1');
  const end = text.indexOf('\r\n');
  if (end !== -1) {
    const line = text.slice(0, end).split('\n').length;
    const isShell = /^#!.*\b(?:ba|da|k|z)?sh\b/.test(text);
    faults.push({
      ...(isShell ? {} : { severity: 'warning' as const }),
      message: `script '${script}' has a Windows line ending in line ${line}${isShell ? ', and a shell takes the carriage return for a part of the last word' : ''}`,
      remedy: 'save it with LF line endings',
      repair: 'use-lf-line-ends',
    });
  }
  const module = /^(\w+)\.py$/.exec(basename(script))?.[1];
  if (module !== undefined && isPythonModule(module)) {
    faults.push({
      severity: 'warning',
      message: `script '${script}' has the name of Python's own module '${module}', which scripts in its folder then cannot import`,
      remedy: 'rename it',
    });
  }
  return faults;
}
