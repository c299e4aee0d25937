import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execa, execaSync } from 'execa';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The interpreter itself: a version manager's shim would take longer to start than the script. */
export const python = execaSync('python3', ['-c', 'import sys; print(sys.executable)']).stdout;

export const formats = ['TabSeparated', 'JSONEachRow', 'RowBinary', 'Native'] as const;
export type Format = (typeof formats)[number];

export interface TestFunction {
  name: string;
  command: string;
  arguments: readonly string[];
  returns: string;
  format?: Format;
  type?: 'executable' | 'executable_pool';
  chunkHeader?: boolean;
}

/** A home folder in which scripts find the built kits. */
export class KitHome implements AsyncDisposable {
  readonly path: string;
  readonly functionsPath: string;
  readonly userScriptsPath: string;
  readonly #functions: string[] = [];

  private constructor(path: string) {
    this.path = path;
    this.functionsPath = join(path, 'functions');
    this.userScriptsPath = join(path, 'user_scripts');
  }

  static async make(name = 'embedhouse-kit-'): Promise<KitHome> {
    const home = new KitHome(await mkdtemp(join(tmpdir(), name)));
    await mkdir(home.functionsPath);
    await mkdir(join(home.userScriptsPath, 'node_modules'), { recursive: true });
    await symlink(root, join(home.userScriptsPath, 'node_modules/embedhouse'));
    await symlink(join(root, 'user_scripts/embedhouse_udf.py'), join(home.userScriptsPath, 'embedhouse_udf.py'));
    return home;
  }

  /** Does what `npm install` does, with a package of the repository. */
  async addPackage(name: string): Promise<void> {
    await symlink(join(root, 'node_modules', name), join(this.userScriptsPath, 'node_modules', name));
  }

  /** Writes an executable script: `.mjs` in JavaScript, `.py` in Python. */
  async addScript(name: string, code: string): Promise<string> {
    const path = join(this.userScriptsPath, name);
    const isPython = name.endsWith('.py');
    const lines = isPython
      ? [`#!${python}`, 'from embedhouse_udf import parameters, serve', code]
      : [`#!${process.execPath}`, "import { parameters, serve } from 'embedhouse/udf';", code];
    await writeFile(path, `${lines.join('\n')}\n`);
    await chmod(path, 0o755);
    return path;
  }

  async addFile(path: string, content: string, mode = 0o644): Promise<void> {
    await writeFile(join(this.path, path), content, { mode });
  }

  async addFunction(given: TestFunction): Promise<void> {
    this.#functions.push(define(given));
    await writeFile(
      join(this.functionsPath, 'kit_function.xml'),
      `<functions>\n${this.#functions.join('\n')}\n</functions>\n`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function define(given: TestFunction): string {
  const { type = 'executable', format = 'TabSeparated', chunkHeader = false } = given;
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const declared = given.arguments.map(
    (argument, index) => `<argument><type>${escape(argument)}</type><name>a${index}</name></argument>`,
  );
  return `<function><type>${type}</type><name>${given.name}</name>${declared.join('')}
    <return_type>${escape(given.returns)}</return_type><format>${format}</format><command>${given.command}</command>
    <send_chunk_header>${chunkHeader ? 1 : 0}</send_chunk_header><pool_size>2</pool_size></function>`;
}

/** Runs a script by itself, as ClickHouse would start it. */
export async function runScript(
  path: string,
  input: string | Uint8Array,
  { words = [], env = {} }: { words?: string[]; env?: Record<string, string> } = {},
): Promise<{ stdout: string; stderr: string; exitCode: number | undefined }> {
  const { stdout, stderr, exitCode } = await execa(path, words, {
    input,
    env,
    reject: false,
    encoding: 'latin1',
    stripFinalNewline: false,
    timeout: 20_000,
  });
  return { stdout, stderr, exitCode };
}
