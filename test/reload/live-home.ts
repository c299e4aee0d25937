import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface DefinitionOptions {
  script?: string;
  returns?: string;
  type?: 'executable' | 'executable_pool';
  more?: string;
}

/** A home folder whose functions are edited while an engine runs. */
export class LiveHome implements AsyncDisposable {
  readonly path: string;
  readonly functionsPath: string;
  readonly userScriptsPath: string;

  private constructor(path: string) {
    this.path = path;
    this.functionsPath = join(path, 'functions');
    this.userScriptsPath = join(path, 'user_scripts');
  }

  static async make(): Promise<LiveHome> {
    const home = new LiveHome(await mkdtemp(join(tmpdir(), 'embedhouse-live-')));
    await mkdir(home.functionsPath);
    await mkdir(home.userScriptsPath);
    return home;
  }

  /** Writes a function of one text into `NAME_function.xml`, and answers its path. */
  async define(name: string, options: DefinitionOptions = {}): Promise<string> {
    return this.write(`functions/${name}_function.xml`, `<functions>${render(name, options)}</functions>`);
  }

  /** Writes a script that answers each row with `word`, its process's id and the row. */
  async script(name: string, word: string): Promise<string> {
    const code = `#!/bin/sh\nwhile read -r line; do echo "${word} $$ $line"; done\n`;
    return this.write(`user_scripts/${name}`, code, 0o755);
  }

  async write(path: string, content: string, mode = 0o644): Promise<string> {
    const file = join(this.path, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode });
    return file;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

function render(
  name: string,
  { script = 'answer.sh', returns = 'String', type = 'executable_pool', more = '' }: DefinitionOptions,
): string {
  return `<function><type>${type}</type><name>${name}</name><argument><type>String</type></argument>
    <return_type>${returns}</return_type><format>TabSeparated</format><command>${script}</command>${more}</function>`;
}
