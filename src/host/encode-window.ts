import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Row } from '../formats/row-reader.ts';
import type { VectorRows } from '../formats/vector-format.ts';
import { normalizeVectors } from '../models/normalize-vectors.ts';
import type { EncodeOptions, EncodeOutcome, EncodeQueue, QueuedTower, QueuedValue } from './encode-queue.ts';
import { findPrompt } from './find-prompt.ts';
import type { FunctionCall } from './function-call.ts';
import type { HostedModel } from './model-registry.ts';
import { showValue } from './show-value.ts';
import type { VectorCache } from './vector-cache.ts';

/** What encoding a window of rows needs of the host. */
export interface EncodeServices {
  cache: VectorCache;
  queue: EncodeQueue;
  countZeroed: (rows: number) => void;
}

export interface WindowOptions {
  call: FunctionCall;
  /** Opens a model by its name, with the tower that the call needs. */
  openModel: (name: string) => Promise<OpenedModel>;
  services: EncodeServices;
  encode: EncodeOptions;
  /** Called whenever further distinct values of the window have their vectors. */
  onVectors: () => void;
}

export interface OpenedModel {
  model: HostedModel;
  tower: QueuedTower;
}

/** A distinct value of a window: the same value in many rows is computed once. */
interface DistinctValue {
  /** The name of the row's model; empty: ClickHouse itself calls functions on '' (LowCardinality's default). */
  model: string;
  /** How the value is named in an error. */
  value: Buffer;
  /** Names the content: the bytes themselves, or the digest of many. */
  content: string;
  rows: number;
  vector?: Float32Array;
}

/** A value that may have to be computed. */
interface Candidate {
  distinct: DistinctValue;
  tower: QueuedTower;
  key: string;
  input: () => QueuedValue['input'];
}

/**
 * A window of rows on its way to vectors: dropped repeats, answers of the cache, the rest through the queue, order kept.
 */
export class EncodeWindow {
  readonly #options: WindowOptions;
  readonly #values: DistinctValue[] = [];
  readonly #valueOfRow: DistinctValue[] = [];
  readonly #models = new Map<string, OpenedModel>();
  #emittedRows = 0;
  #telling: NodeJS.Immediate | undefined;

  constructor(rows: readonly Row[], options: WindowOptions) {
    this.#options = options;
    const { call } = options;
    const known = new Map<string, DistinctValue>();
    for (const cells of rows) {
      const [first = null, second = null] = cells;
      const model = call.modelArgument ? (first ?? this.#refuseNull()).toString() : call.model;
      const value = (call.modelArgument ? second : first) ?? this.#refuseNull();
      // A digest has 64 characters: no value shorter than that is taken for one.
      const content = value.length < 64 ? value.toString('latin1') : createHash('sha256').update(value).digest('hex');
      const key = call.modelArgument ? `${model}\0${content}` : content;
      let distinct = known.get(key);
      if (distinct === undefined) {
        distinct = { model, value, content, rows: 0 };
        known.set(key, distinct);
        this.#values.push(distinct);
      }
      distinct.rows++;
      this.#valueOfRow.push(distinct);
    }
  }

  /** Computes every distinct value's vector. @throws a row's failure, unless the policy is `zero`; or a run's */
  async run(): Promise<void> {
    const { services, encode, onVectors } = this.#options;
    const missing = (await this.#candidates()).filter(({ distinct, key }) => {
      const vector = services.cache.get(key);
      if (vector !== undefined) {
        distinct.vector = vector;
      }
      return vector === undefined;
    });
    onVectors();
    const outcomes = new Map<Candidate, Promise<EncodeOutcome>>();
    for (const tower of new Set(missing.map((candidate) => candidate.tower))) {
      const candidates = missing.filter((candidate) => candidate.tower === tower);
      const values = candidates.map(({ key, input }) => ({ key, input: input() }));
      for (const [index, outcome] of services.queue.encode(tower, values, encode).entries()) {
        const candidate = candidates[index];
        if (candidate !== undefined) {
          outcomes.set(candidate, outcome);
        }
      }
    }
    await Promise.all([...outcomes].map(async ([candidate, outcome]) => this.#settle(candidate, await outcome)));
  }

  #settle({ distinct, key }: Candidate, outcome: EncodeOutcome): void {
    const { services, onVectors } = this.#options;
    if (outcome instanceof Float32Array) {
      services.cache.set(key, outcome);
      distinct.vector = outcome;
    } else {
      this.#fail(distinct, outcome);
    }
    // A run's values come one by one, but in one turn of the event loop.
    if (this.#telling === undefined) {
      this.#telling = setImmediate(() => {
        this.#telling = undefined;
        onVectors();
      });
    }
  }

  /** Takes the vectors of the rows that are next in order and done, in parts of one length each. */
  takeVectors(): VectorRows[] {
    const parts: VectorRows[] = [];
    for (;;) {
      const start = this.#emittedRows;
      const dimensions = this.#vectorOfRow(start)?.length;
      if (dimensions === undefined) {
        return parts;
      }
      let end = start;
      while (this.#vectorOfRow(end)?.length === dimensions) {
        end++;
      }
      parts.push({ vectors: this.#copyRows(start, end, dimensions), rows: end - start, dimensions });
      this.#emittedRows = end;
    }
  }

  #copyRows(start: number, end: number, dimensions: number): Float32Array {
    const vectors = new Float32Array((end - start) * dimensions);
    for (let row = start; row < end; row++) {
      vectors.set(this.#vectorOfRow(row) ?? [], (row - start) * dimensions);
    }
    return this.#options.call.normalize ? normalizeVectors(vectors, dimensions) : vectors;
  }

  #vectorOfRow(row: number): Float32Array | undefined {
    return this.#valueOfRow[row]?.vector;
  }

  async #candidates(): Promise<Candidate[]> {
    const { call, openModel } = this.#options;
    const names = new Set(this.#values.map(({ model }) => model).filter((name) => name !== ''));
    await Promise.all([...names].map(async (name) => this.#models.set(name, await openModel(name))));
    if (call.input === 'text') {
      return this.#values.flatMap((distinct) => this.#textCandidate(distinct) ?? []);
    }
    const candidates = await Promise.all(this.#values.map(async (distinct) => this.#imageCandidate(distinct)));
    return candidates.flatMap((candidate) => candidate ?? []);
  }

  /** The model of a value; one that names none gets an empty vector. */
  #modelOf(distinct: DistinctValue): OpenedModel | undefined {
    const opened = this.#models.get(distinct.model);
    if (opened === undefined) {
      distinct.vector = new Float32Array(0);
    }
    return opened;
  }

  #textCandidate(distinct: DistinctValue): Candidate | undefined {
    const opened = this.#modelOf(distinct);
    const text = opened && this.#decodeText(distinct);
    if (opened === undefined || text === undefined) {
      return undefined;
    }
    const { model, tower } = opened;
    const prompt = findPrompt(model.folder, this.#options.call.prompt);
    const input = (): QueuedValue['input'] => ({ tower: 'text', ids: model.tokenizer?.tokenize(prompt + text) ?? [] });
    const key = `${tower.key}\0${prompt && JSON.stringify(prompt)}\0${distinct.content}`;
    return { distinct, tower, key, input };
  }

  async #imageCandidate(distinct: DistinctValue): Promise<Candidate | undefined> {
    const { call } = this.#options;
    const opened = this.#modelOf(distinct);
    if (opened === undefined) {
      return undefined;
    }
    const { model, tower } = opened;
    if (distinct.value.length === 0) {
      // ClickHouse itself calls functions on '' (LowCardinality's default): it is no error.
      distinct.vector = new Float32Array(model.folder.dimensions);
      return undefined;
    }
    if (call.input === 'image-bytes') {
      const image = { bytes: distinct.value };
      const key = `${tower.key}\0bytes\0${distinct.content}`;
      return { distinct, tower, key, input: () => ({ tower: 'image', image }) };
    }
    const given = this.#decodeText(distinct);
    if (given === undefined) {
      return undefined;
    }
    const path = resolve(call.folder, given);
    const image = { path, folders: call.imageFolders };
    const key = JSON.stringify([tower.key, path, call.imageFolders, await fileState(path)]);
    return { distinct, tower, key, input: () => ({ tower: 'image', image }) };
  }

  #decodeText(distinct: DistinctValue): string | undefined {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(distinct.value);
    } catch {
      const message = `${showValue(distinct.value)} is not UTF-8 text: convert it before, for instance with convertCharset(x, 'latin1', 'utf-8') or toValidUTF8(x)`;
      this.#fail(distinct, new EmbedhouseError('TEXT_INVALID', message));
      return undefined;
    }
  }

  /** Applies the policy: a zero vector, counted, or the end of the query. */
  #fail(distinct: DistinctValue, error: EmbedhouseError): void {
    if (this.#options.call.onError === 'fail') {
      throw error;
    }
    this.#options.services.countZeroed(distinct.rows);
    distinct.vector = new Float32Array(this.#models.get(distinct.model)?.model.folder.dimensions ?? 0);
  }

  #refuseNull(): never {
    throw new EmbedhouseError(
      'TEXT_INVALID',
      "NULL has no vector, and names no model: filter it out or use ifNull(x, '')",
    );
  }
}

/** Tells two states of a file apart without reading it: whatever changes its content changes the time of its change. */
async function fileState(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.ctimeNs}` : 'unreadable';
}
