import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { describeType } from '../../../src/engine/describe-type.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import { readVocabulary } from '../../../src/engine/read-vocabulary.ts';
import { createScriptFiles } from '../../../src/functions/new-script/create-script-files.ts';
import type { NamedType } from '../../../src/functions/new-script/parse-argument.ts';
import { planScript, type PlannedScript, type ScriptChoices } from '../../../src/functions/new-script/plan-script.ts';
import type { ScriptLanguage } from '../../../src/functions/new-script/script-function.ts';
import { repositoryPath } from '../../cli/sandbox.ts';
import { openTestEngine } from '../../engine/open-test-engine.ts';

export interface Wanted extends Partial<Omit<ScriptChoices, 'arguments'>> {
  name: string;
  language: ScriptLanguage;
  arguments?: readonly NamedType[];
  /** As if Node were of this version. */
  nodeVersion?: string;
  /** Elsewhere than beside the scripts. */
  functionsPath?: string;
}

/** A home with a space in its path, in which new functions are written and run. */
export class NewScriptHome implements AsyncDisposable {
  readonly functionsPath: string;
  readonly userScriptsPath: string;
  readonly engine: Engine;
  readonly #root: string;
  #vocabulary: ReturnType<typeof readVocabulary> | undefined;

  private constructor(root: string, engine: Engine, path: string) {
    this.#root = root;
    this.engine = engine;
    this.functionsPath = join(path, 'functions');
    this.userScriptsPath = join(path, 'user_scripts');
  }

  static async open(): Promise<NewScriptHome> {
    const root = await mkdtemp(join(tmpdir(), 'embedhouse-new-'));
    const path = join(root, 'a home');
    await mkdir(join(path, 'functions'), { recursive: true });
    await mkdir(join(path, 'user_scripts/node_modules'), { recursive: true });
    await symlink(repositoryPath, join(path, 'user_scripts/node_modules/embedhouse'));
    const kit = 'user_scripts/embedhouse_udf.py';
    await symlink(join(repositoryPath, kit), join(path, kit));
    const folders = { functionsPath: join(path, 'functions'), userScriptsPath: join(path, 'user_scripts') };
    return new NewScriptHome(root, await openTestEngine(folders), path);
  }

  async plan({ nodeVersion, functionsPath, ...wanted }: Wanted): Promise<PlannedScript> {
    const path = process.env['PATH'] ?? '';
    return planScript(
      {
        arguments: [{ name: 'text', type: 'String' }],
        returns: 'String',
        type: 'executable',
        format: undefined,
        ...wanted,
      },
      {
        functionsPath: functionsPath ?? this.functionsPath,
        userScriptsPath: this.userScriptsPath,
        searchPath: nodeVersion === undefined ? path : [await this.#makeNode(nodeVersion), path].join(delimiter),
        environmentFunctionsPath: undefined,
        vocabulary: await (this.#vocabulary ??= readVocabulary(this.engine)),
        describeType: async (type) => describeType(this.engine, type),
      },
    );
  }

  async add(wanted: Wanted): Promise<PlannedScript> {
    const planned = await this.plan(wanted);
    await createScriptFiles(planned, this);
    return planned;
  }

  async load(): Promise<void> {
    await this.engine.run('SYSTEM RELOAD FUNCTIONS');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
    await rm(this.#root, { recursive: true, force: true });
  }

  /** A program that says that it is a certain version of Node; answers its folder. */
  async #makeNode(version: string): Promise<string> {
    const folder = join(this.#root, `node-${version}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'node'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    return folder;
  }
}
