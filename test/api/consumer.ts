import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import { repositoryPath } from '../cli/sandbox.ts';

/** What a careful project of a user's own has; the embedded types must stand it too. */
const compilerOptions = {
  target: 'es2022',
  lib: ['es2022', 'esnext.disposable'],
  module: 'nodenext',
  strict: true,
  allowJs: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  types: ['node'],
  outDir: 'out',
};

/** A project that depends on embedhouse, with the dependencies of this repository and no network. */
export class Consumer {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Installs the package as npm packs it. */
  async installPacked(): Promise<void> {
    await this.#linkDependencies();
    const inRepository = { cwd: repositoryPath };
    // Without scripts: what is built is packed, and not built anew while other tests run it.
    await execa('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', this.path], inRepository);
    const packed = (await readdir(this.path)).find((file) => file.endsWith('.tgz')) ?? 'no.tgz';
    await mkdir(join(this.path, 'node_modules/embedhouse'));
    await execa('tar', ['-xzf', packed, '-C', 'node_modules/embedhouse', '--strip-components=1'], { cwd: this.path });
  }

  /** Links this repository, as `npm link` does. */
  async linkRepository(): Promise<void> {
    await this.#linkDependencies();
    await symlink(repositoryPath, join(this.path, 'node_modules/embedhouse'));
  }

  /**
   * Checks and translates TypeScript files, and JavaScript ones that ask for it; answers what the compiler has to say, which
   * is nothing if all is well.
   */
  async compile(files: Record<string, string>): Promise<string> {
    for (const [name, source] of Object.entries(files)) {
      await writeFile(join(this.path, name), source);
    }
    const config = { compilerOptions, files: Object.keys(files) };
    await writeFile(join(this.path, 'tsconfig.json'), JSON.stringify(config));
    const compiler = join(repositoryPath, 'node_modules/typescript/bin/tsc');
    const { stdout } = await execa(process.execPath, [compiler, '-p', '.'], { cwd: this.path, reject: false });
    return stdout;
  }

  /** Runs a file of the project and answers what it printed. @throws if it fails or prints to stderr */
  async run(file: string, env: NodeJS.ProcessEnv): Promise<string> {
    const { stdout, stderr } = await execa(process.execPath, [file], { cwd: this.path, env, extendEnv: false });
    if (stderr !== '') {
      throw new Error(stderr);
    }
    return stdout;
  }

  async #linkDependencies(): Promise<void> {
    const modules = join(this.path, 'node_modules');
    await mkdir(modules, { recursive: true });
    await writeFile(join(this.path, 'package.json'), JSON.stringify({ type: 'module' }));
    for (const name of await readdir(join(repositoryPath, 'node_modules'))) {
      if (!name.startsWith('.')) {
        await symlink(join(repositoryPath, 'node_modules', name), join(modules, name));
      }
    }
  }
}
