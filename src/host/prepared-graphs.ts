import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { execaNode } from 'execa';
import type { Logger } from 'pino';

import { countGraphBytes } from '../models/graph-files.ts';
import { towerPath } from '../models/model-folder.ts';
import { findPreparedGraph, preparedGraphFolder, type TowerFile } from '../models/find-prepared-graph.ts';

export interface PreparedGraphsOptions {
  /** Where prepared graphs are kept; undefined: nothing is prepared. */
  cachePath: string | undefined;
  /** The largest graph, weights included, that is prepared. */
  maxBytes: number;
  log: Logger;
}

/** What an encoder process loads for a tower. */
export interface TowerGraph {
  /**
   * Undefined where there is none: the graph in the model's folder gives the same vectors, slower, and each session has a
   * copy of the weights.
   */
  preparedGraph: string | undefined;
  /** Size of the graph with its weights. */
  bytes: number;
}

const program = fileURLToPath(new URL('./prepare-process.js', import.meta.url));

/** A gigabyte takes seconds; a file system that never answers must not hold up queries for ever. */
const prepareTimeoutMs = 120_000;

/** Finds the prepared graphs of towers, and has each prepared at its first use. */
export class PreparedGraphs {
  readonly #options: PreparedGraphsOptions;
  readonly #graphs = new Map<string, Promise<TowerGraph>>();
  readonly #closed = new AbortController();
  /** The preparation that is under way, or the last one. */
  #preparing: Promise<unknown> = Promise.resolve();

  constructor(options: PreparedGraphsOptions) {
    this.#options = options;
  }

  /** Answers a tower's graph, prepared if that can be; why not is logged. */
  async get(file: TowerFile, fingerprint: string): Promise<TowerGraph> {
    const key = JSON.stringify([file.model.path, file.tower, file.dtype, fingerprint]);
    let graph = this.#graphs.get(key);
    if (graph === undefined) {
      graph = this.#measure(file);
      this.#graphs.set(key, graph);
      graph.catch(() => this.#graphs.delete(key));
    }
    const { preparedGraph } = await graph;
    if (preparedGraph !== undefined && !existsSync(preparedGraph) && this.#graphs.get(key) === graph) {
      // Somebody has cleaned up.
      this.#graphs.delete(key);
      return this.get(file, fingerprint);
    }
    return graph;
  }

  async #measure(file: TowerFile): Promise<TowerGraph> {
    const published = await countGraphBytes(towerPath(file.model, file.tower, file.dtype));
    // What cannot be loaded need not be prepared.
    const preparedGraph = published > this.#options.maxBytes ? undefined : await this.#find(file);
    return { preparedGraph, bytes: preparedGraph === undefined ? published : await countGraphBytes(preparedGraph) };
  }

  /** Ends a preparation that is under way. */
  close(): void {
    this.#closed.abort();
  }

  async #find(file: TowerFile): Promise<string | undefined> {
    const { cachePath, log } = this.#options;
    if (cachePath === undefined) {
      return undefined;
    }
    try {
      const folder = await preparedGraphFolder(cachePath, file);
      const known = await findPreparedGraph(folder);
      if (known !== undefined) {
        return known;
      }
      // One after the other: each takes the memory of its weights several times.
      const prepared = this.#preparing.then(async () => this.#prepare(file, folder));
      this.#preparing = prepared.catch(() => {});
      await prepared;
      return await findPreparedGraph(folder);
    } catch (error) {
      if (!this.#closed.signal.aborted) {
        log.warn({ model: file.model.path, tower: file.tower, error }, 'no prepared graph');
      }
      return undefined;
    }
  }

  async #prepare({ model, tower, dtype }: TowerFile, folder: string): Promise<void> {
    const startedAt = performance.now();
    await execaNode(program, [dirname(model.path), model.name, tower, dtype, folder], {
      nodeOptions: [],
      stdin: 'ignore',
      stdout: 'ignore',
      cancelSignal: this.#closed.signal,
      timeout: prepareTimeoutMs,
      env: { ORT_DISABLE_TELEMETRY: '1' },
    });
    const tookMs = Math.round(performance.now() - startedAt);
    this.#options.log.info({ folder, model: model.name, tower, dtype, tookMs }, 'graph prepared');
  }
}
