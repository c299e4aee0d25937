import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { promisify } from 'node:util';

import { findProgram } from './find-program.ts';
import type { ScriptFault } from './function-problem.ts';

interface SyntaxFault {
  /** From 1, if the interpreter says it. */
  line: number | undefined;
  message: string;
}

/** How an interpreter is asked to read a script without running it, and where it says what is wrong. */
interface SyntaxCheck {
  program: RegExp;
  /** Extensions of the scripts that it judges rightly; all if not given. */
  extensions?: readonly string[];
  args: (path: string) => string[];
  line: RegExp;
  message: RegExp;
  /** What the interpreter may never come past; a fault below it may be none. */
  end?: RegExp;
}

const shellSays = {
  line: /: (?:line )?(\d+): /,
  message: /: (?:line )?\d+: (.*)$/m,
  // Below may be data, or another language: a script in it finds its interpreter by `exec`.
  end: /\bexec\b|^exit\b/m,
};

const checks: readonly SyntaxCheck[] = [
  {
    program: /^python[\d.]*$/,
    args: (path) => ['-I', '-c', 'import sys; compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")', path],
    line: /^ {2}File ".*", line (\d+)$/m,
    message: /^(\w+Error: .*)$/m,
  },
  {
    // What a script without one of these is, a module or CommonJS, only running it shows.
    program: /^node(?:js)?$/,
    extensions: ['.mjs', '.cjs'],
    args: (path) => ['--check', path],
    line: /^(?:file:\/\/)?\/.*:(\d+)$/m,
    message: /^(\w*Error: .*)$/m,
  },
  {
    program: /^bash$/,
    // With -n a `shopt -s extglob` in the script does nothing.
    args: (path) => ['-O', 'extglob', '-n', path],
    ...shellSays,
  },
  {
    program: /^(?:da|k|z)?sh$/,
    args: (path) => ['-n', path],
    ...shellSays,
  },
];

const mostMs = 10_000;

/** Begins the end of a zip archive: Python runs one that begins with `#!`. */
const zipEnd = 'PK\u0005\u0006';

/** Lets the interpreters that scripts' first lines name read them, those that can do so without running them. */
export class SyntaxChecks {
  readonly #searchPath: string;
  /** By the script's path: several functions may name one. */
  readonly #found = new Map<string, Promise<SyntaxFault | undefined>>();

  constructor(searchPath: string) {
    this.#searchPath = searchPath;
  }

  /** Says what is wrong with the syntax of a script, called `script` in the command that names it. */
  async find(script: string, path: string): Promise<ScriptFault[]> {
    const finding = this.#found.get(path) ?? this.#check(path);
    this.#found.set(path, finding);
    const fault = await finding;
    if (fault === undefined) return [];
    const place = fault.line === undefined ? '' : ` in line ${fault.line}`;
    const message = `script '${script}' cannot be read by its interpreter${place}: ${fault.message}`;
    return [{ message, remedy: 'correct the script' }];
  }

  async #check(path: string): Promise<SyntaxFault | undefined> {
    const text = await readFile(path, 'latin1').catch(() => '');
    if (!text.startsWith('#!') || text.includes(zipEnd)) return undefined;
    const lines = text.split('\n');
    const words = lines[0]?.slice(2).trim().split(/\s+/) ?? [];
    const isEnv = basename(words[0] ?? '') === 'env';
    const named = isEnv ? words.slice(1).find((word) => !word.startsWith('-') && !/^\w+=/.test(word)) : words[0];
    const check = checks.find(({ program }) => program.test(basename(named ?? '')));
    if (named === undefined || check?.extensions?.includes(extname(path)) === false) return undefined;
    const program = named.includes('/') ? named : await findProgram(named, this.#searchPath);
    if (program === undefined || check === undefined) return undefined;
    const said = await complaintOf(program, check.args(path), this.#searchPath);
    const message = said === undefined ? undefined : check.message.exec(said)?.[1];
    // Whatever else went wrong is not the script's syntax.
    if (said === undefined || message === undefined) return undefined;
    const [, place] = check.line.exec(said) ?? [];
    const line = place === undefined ? undefined : Number(place);
    const above = lines.slice(0, line === undefined ? undefined : line - 1).join('\n');
    return check.end?.test(above) === true ? undefined : { line, message };
  }
}

/** What the program says on stderr when it fails. */
async function complaintOf(program: string, args: string[], searchPath: string): Promise<string | undefined> {
  try {
    await promisify(execFile)(program, args, {
      timeout: mostMs,
      env: { PATH: searchPath, LC_ALL: 'C.UTF-8', NO_COLOR: '1' },
    });
    return undefined;
  } catch (error) {
    return error instanceof Error && 'stderr' in error ? String(error.stderr) : undefined;
  }
}
