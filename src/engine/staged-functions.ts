import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { isFunctionFile, isYaml } from '../functions/function-file-name.ts';
import { Turns } from './turns.ts';
import { yamlAsXml } from './yaml-as-xml.ts';

interface StagedFile {
  /** Where ClickHouse reads it. */
  path: string;
  content: Buffer;
}

/**
 * The function files that ClickHouse reads: copies in a folder of the engine's own. It is built without YAML when it is
 * embedded, and passes over such a file in silence: those are staged as XML. It tells two versions of a file apart by
 * whole seconds of their time, and would overlook the second edit within one: copies of different content get different
 * times. It reads a folder's name as a glob and knows no escape in it: the home's may have such signs.
 */
export class StagedFunctions {
  readonly #functionsPath: string;
  readonly #folder: string;
  /** By the name of the original. */
  #files: ReadonlyMap<string, StagedFile> = new Map();
  readonly #turns = new Turns();
  #seconds = 1;

  /** `folder` is private and lives as long as the engine. */
  constructor(functionsPath: string, folder: string) {
    this.#functionsPath = functionsPath;
    this.#folder = folder;
  }

  /** What `user_defined_executable_functions_config` names. */
  get patterns(): readonly string[] {
    return [join(this.#folder, 'functions/*_function.*ml'), join(this.#folder, 'functions/from-yaml/*.xml')];
  }

  /**
   * Copies the files as they are now. One that cannot be read, or YAML that is broken, stays as it was before, if it was.
   *
   * @throws EmbedhouseError `FILE_UNUSABLE` when the copies cannot be written
   */
  async stage(): Promise<void> {
    const endTurn = await this.#turns.start();
    try {
      await this.#stage();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      const message = `the function files cannot be copied to ${this.#folder} (${reason}); make room there, or set TMPDIR to another folder`;
      throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
    } finally {
      endTurn();
    }
  }

  async #stage(): Promise<void> {
    await mkdir(join(this.#folder, 'functions/from-yaml'), { recursive: true });
    const names = await readdir(this.#functionsPath).catch(() => []);
    const files = new Map<string, StagedFile>();
    for (const name of names.filter(isFunctionFile)) {
      const before = this.#files.get(name);
      const content = await this.#read(name);
      if (content === undefined || before?.content.equals(content)) {
        if (before !== undefined) files.set(name, before);
        continue;
      }
      const path = join(this.#folder, 'functions', isYaml(name) ? `from-yaml/${name}.xml` : name);
      await this.#write(path, content);
      files.set(name, { path, content });
    }
    for (const [name, { path }] of this.#files) {
      if (!files.has(name)) await rm(path, { force: true });
    }
    this.#files = files;
  }

  async #read(name: string): Promise<Buffer | undefined> {
    const original = join(this.#functionsPath, name);
    // Reading a named pipe would wait for a writer.
    const isFile = await stat(original).then(
      (found) => found.isFile(),
      () => false,
    );
    const content = isFile ? await readFile(original).catch(() => undefined) : undefined;
    if (content === undefined || !isYaml(name)) return content;
    const xml = yamlAsXml(content.toString());
    return xml === undefined ? undefined : Buffer.from(xml);
  }

  async #write(path: string, content: Buffer): Promise<void> {
    const partial = join(this.#folder, `${basename(path)}.partial`);
    await writeFile(partial, content);
    this.#seconds += 1;
    await utimes(partial, this.#seconds, this.#seconds);
    await rename(partial, path);
  }
}
