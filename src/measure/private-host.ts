import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import pino from 'pino';

import type { ModelHost } from '../api/model-host.ts';
import { openHost } from '../api/open-host.ts';
import { runtimePaths } from '../bridge/embed.ts';
import type { Dtype } from '../models/dtype.ts';
import type { LoadedTower } from '../host/encoder-messages.ts';
import { Host } from '../host/host.ts';

export interface PrivateHostOptions {
  modelsPath: string;
  model: string;
  dtype: Dtype;
  /** Where prepared graphs are kept; these outlive the host, as those of any other. */
  graphsPath: string;
  threads: number;
}

/** A longer temporary folder leaves too little of a socket's 103 bytes. */
const maxTemporaryPathBytes = 60;

/** A model host for one measurement: nobody else knows its socket, and it remembers no vector. */
export class PrivateHost implements AsyncDisposable {
  readonly client: ModelHost;
  readonly #host: Host;
  readonly #folder: string;

  private constructor(client: ModelHost, host: Host, folder: string) {
    this.client = client;
    this.#host = host;
    this.#folder = folder;
  }

  static async open({ modelsPath, model, dtype, graphsPath, threads }: PrivateHostOptions): Promise<PrivateHost> {
    const parent = Buffer.byteLength(tmpdir()) <= maxTemporaryPathBytes ? tmpdir() : '/tmp';
    const folder = await mkdtemp(join(parent, 'embedhouse-bench-'));
    const paths = runtimePaths({ EMBEDHOUSE_RUNTIME: folder });
    const log = pino({ level: 'silent' });
    const host = new Host({ paths, threads, cachePath: graphsPath, cacheBytes: 0, log });
    try {
      await host.listen();
      const client = await openHost({ runtimePath: folder, modelsPath, model, dtype });
      return new PrivateHost(client, host, folder);
    } catch (error) {
      await host.close();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Whether every encoder process has started and holds the tower, so that none loads it while it is measured. */
  isWarm(tower: LoadedTower['tower']): boolean {
    const { encoders } = this.#host.status();
    return encoders.every(({ state, models }) => state === 'ready' && models.some((model) => model.tower === tower));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
    await this.#host.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
