import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ModelHost } from '../../../src/api/model-host.ts';
import { openHost } from '../../../src/api/open-host.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import {
  ingestImages,
  type IngestImagesOptions,
  type IngestImagesReport,
} from '../../../src/ingest/images/ingest-images.ts';
import { ApiRuntime } from '../../api/api-runtime.ts';
import { openTestEngine } from '../../engine/open-test-engine.ts';
import { makeImage } from './write-images.ts';

/** How many images a new folder has; `1.png` has the caption `one`. */
export const imageCount = 10;

/** A report of a run that did nothing. */
export const nothing = { new: 0, changed: 0, failed: 0, gone: 0, pruned: 0, computed: { images: 0, texts: 0 } };

/** An engine, a model host and a folder of images that change. */
export class TestFolder implements AsyncDisposable {
  readonly engine: Engine;
  readonly host: ModelHost;
  readonly #runtime: ApiRuntime;
  path = '';
  #minute = 0;

  private constructor(runtime: ApiRuntime, engine: Engine, host: ModelHost) {
    this.#runtime = runtime;
    this.engine = engine;
    this.host = host;
  }

  static async open(): Promise<TestFolder> {
    const runtime = new ApiRuntime();
    return new TestFolder(runtime, await openTestEngine(), await openHost({ model: 'tiny-clip' }));
  }

  /** Makes a new folder, and no tables. */
  async begin(): Promise<void> {
    this.path = await mkdtemp(join(tmpdir(), 'embedhouse-ingest-'));
    for (let number = 0; number < imageCount; number++) await this.writeImage(`${number}.png`, number);
    await this.write('1.txt', 'one');
  }

  async end(): Promise<void> {
    await this.engine.run('DROP TABLE IF EXISTS images; DROP TABLE IF EXISTS images_failures');
    await rm(this.path, { recursive: true, force: true });
  }

  in(name: string): string {
    return join(this.path, name);
  }

  async write(name: string, content: string): Promise<void> {
    await writeFile(this.in(name), content);
  }

  async writeImage(name: string, number: number): Promise<void> {
    await writeFile(this.in(name), await makeImage(number));
    await this.touch(name);
  }

  /** Changes a file's time, to a minute later each time: a test is faster than some clocks. Answers it in seconds. */
  async touch(name: string): Promise<number> {
    const time = 1_700_000_000 + 60 * this.#minute++;
    await utimes(this.in(name), time, time);
    return time;
  }

  async ingest(options: Partial<IngestImagesOptions> = {}): Promise<IngestImagesReport> {
    return ingestImages({
      engine: this.engine,
      host: this.host,
      embedsTexts: true,
      places: [this.path],
      table: 'images',
      prune: false,
      retryFailed: false,
      signal: new AbortController().signal,
      onProgress: () => {},
      ...options,
    });
  }

  /** The rows of a query, each as an object. */
  async select(sql: string): Promise<unknown[]> {
    return this.engine.rows(sql);
  }

  /** The paths in a table. */
  async paths(table = 'images'): Promise<string[]> {
    const rows = await this.engine.rows<{ path: string }>(`SELECT path FROM ${table} ORDER BY path`);
    return rows.map(({ path }) => path);
  }

  /** The vector of a picture, as the host gives it for a file. */
  async vectorOf(number: number): Promise<number[]> {
    const path = join(this.#runtime.folder, 'one.png');
    await writeFile(path, await makeImage(number));
    return [...(await this.host.encodeImage([path])).vectors];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.close();
    await this.engine.close();
    await this.#runtime[Symbol.asyncDispose]();
  }
}
