import { totalmem } from 'node:os';

import type { Logger } from 'pino';
import prettyBytes from 'pretty-bytes';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Dtype } from '../models/dtype.ts';
import { textSpecOf, towerPath } from '../models/model-folder.ts';
import type { QueuedTower } from './encode-queue.ts';
import type { FunctionCall } from './function-call.ts';
import { ModelRegistry, towerKeyOf, type HostedModel } from './model-registry.ts';
import { PreparedGraphs } from './prepared-graphs.ts';
import { imageRunLimits, limitsOfTexts } from './run-plan.ts';

export interface HostModelsOptions {
  /** Where models are kept as this machine runs them best; undefined: they are loaded as they are. */
  cachePath: string | undefined;
  /** Memory for the weights of models. */
  maxModelBytes: number;
  log: Logger;
}

/** The models that a host has opened, and the graphs of their towers. */
export class HostModels {
  readonly #registry = new ModelRegistry();
  readonly #graphs: PreparedGraphs;
  readonly #maxModelBytes: number;
  #opening = 0;

  constructor({ cachePath, maxModelBytes, log }: HostModelsOptions) {
    this.#graphs = new PreparedGraphs({ cachePath, maxBytes: maxModelBytes, log });
    this.#maxModelBytes = maxModelBytes;
  }

  /** Whether somebody waits for what may take minutes before a run is queued: preparing a graph, digesting a model. */
  get isOpening(): boolean {
    return this.#opening > 0;
  }

  /** @throws MODEL_NOT_INSTALLED, MODEL_INVALID; the latter too if the model has no such dtype */
  async openModel(modelsPath: string, name: string, dtype: Dtype): Promise<HostedModel> {
    const model = await this.#count(this.#registry.get(modelsPath, name, dtype));
    return { ...model, digest: async (wanted) => this.#count(model.digest(wanted)) };
  }

  /**
   * Finds the graph of the tower that a call needs, prepared if that can be.
   *
   * @throws MODEL_INVALID if the model has no such tower; MODEL_TOO_LARGE if it cannot fit into memory
   */
  async openTower(model: HostedModel, call: FunctionCall): Promise<QueuedTower> {
    return this.#count(this.#openTower(model, call));
  }

  /** Ends a preparation that is under way. */
  close(): void {
    this.#graphs.close();
  }

  async #openTower(model: HostedModel, { modelsPath, dtype, input }: FunctionCall): Promise<QueuedTower> {
    const { folder, fingerprint } = model;
    const tower = input === 'text' ? 'text' : 'vision';
    const limits = tower === 'text' ? limitsOfTexts(textSpecOf(folder)) : imageRunLimits;
    towerPath(folder, tower, dtype);
    const graph = await this.#graphs.get({ model: folder, tower, dtype }, fingerprint);
    if (graph.bytes > this.#maxModelBytes) {
      throw new EmbedhouseError(
        'MODEL_TOO_LARGE',
        `the ${tower} tower of model '${folder.name}' in ${dtype} takes ${prettyBytes(graph.bytes)} of memory where the host has ${prettyBytes(this.#maxModelBytes)} for models: start the host with a larger --model-memory-mib, or choose a smaller --dtype`,
      );
    }
    const key = towerKeyOf(fingerprint, dtype, tower);
    return { key, ...graph, model: { modelsPath, name: folder.name, dtype, fingerprint }, limits };
  }

  async #count<T>(opening: Promise<T>): Promise<T> {
    this.#opening++;
    try {
      return await opening;
    } finally {
      this.#opening--;
    }
  }
}

/** Half of the memory of the machine, or of the container, which may have less: ClickHouse needs the rest. */
export function defaultModelBytes(): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Infinity) / 2;
}
