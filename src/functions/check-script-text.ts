import { basename } from 'node:path';

import type { ScriptFault } from './function-problem.ts';

/** Python's own modules that a script of the same name hides from every script beside it. */
const pythonModules = new Set(
  (
    'argparse array ast asyncio base64 bisect calendar code codecs collections copy csv ctypes datetime decimal difflib ' +
    'email enum fractions functools gzip hashlib heapq hmac html http inspect io ipaddress itertools json keyword logging ' +
    'math numbers operator os pathlib pickle platform queue random re secrets select shutil signal socket sqlite3 ssl stat ' +
    'statistics string struct subprocess sys tempfile test textwrap threading time token tokenize traceback types typing ' +
    'unicodedata urllib uuid warnings xml zipfile zlib'
  ).split(' '),
);

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
  const module = /^([a-z]\w*)\.py$/.exec(basename(script))?.[1];
  if (module !== undefined && pythonModules.has(module)) {
    faults.push({
      severity: 'warning',
      message: `script '${script}' has the name of Python's own module '${module}', which scripts in its folder then cannot import`,
      remedy: 'rename it',
    });
  }
  return faults;
}
