import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Row } from '../formats/row-reader.ts';
import type { EncodeOptions, EncodeQueue, QueuedTower, QueuedValue } from './encode-queue.ts';
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
  model: HostedModel;
  tower: QueuedTower;
  services: EncodeServices;
  encode: EncodeOptions;
  /** Called whenever further distinct values of the window have their vectors. */
  onVectors: () => void;
}

/** A distinct value of a window: the same value in many rows is computed once. */
interface DistinctValue {
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
  #emittedRows = 0;
  #telling: NodeJS.Immediate | undefined;

  constructor(rows: readonly Row[], options: WindowOptions) {
    this.#options = options;
    const known = new Map<string, DistinctValue>();
    for (const [cell] of rows) {
      const value = cell ?? this.#refuseNull();
      // A digest has 64 characters: no value shorter than that is taken for one.
      const content = value.length < 64 ? value.toString('latin1') : createHash('sha256').update(value).digest('hex');
      let distinct = known.get(content);
      if (distinct === undefined) {
        distinct = { value, content, rows: 0 };
        known.set(content, distinct);
        this.#values.push(distinct);
      }
      distinct.rows++;
      this.#valueOfRow.push(distinct);
    }
  }

  /** Computes every distinct value's vector. @throws a row's failure, unless the policy is `zero`; or a run's */
  async run(): Promise<void> {
    const { tower, services, encode, onVectors } = this.#options;
    const missing = (await this.#candidates()).filter(({ distinct, key }) => {
      const vector = services.cache.get(key);
      if (vector !== undefined) {
        distinct.vector = vector;
      }
      return vector === undefined;
    });
    onVectors();
    const values = missing.map(({ key, input }) => ({ key, input: input() }));
    const outcomes = services.queue.encode(tower, values, encode);
    await Promise.all(
      missing.map(async ({ distinct, key }, index) => {
        const outcome = await outcomes[index];
        if (outcome instanceof Float32Array) {
          services.cache.set(key, outcome);
          distinct.vector = outcome;
        } else if (outcome !== undefined) {
          this.#fail(distinct, outcome);
        }
        // A run's values come one by one, but in one turn of the event loop.
        if (this.#telling === undefined) {
          this.#telling = setImmediate(() => {
            this.#telling = undefined;
            onVectors();
          });
        }
      }),
    );
  }

  /** Takes the vectors of the rows that are next in order and done; shape [rows, dimensions]. */
  takeVectors(): Float32Array {
    const { dimensions } = this.#options.model.folder;
    let end = this.#emittedRows;
    while (end < this.#valueOfRow.length && this.#vectorOfRow(end) !== undefined) {
      end++;
    }
    const vectors = new Float32Array((end - this.#emittedRows) * dimensions);
    for (let row = this.#emittedRows; row < end; row++) {
      const vector = this.#vectorOfRow(row);
      if (vector !== undefined) {
        vectors.set(vector, (row - this.#emittedRows) * dimensions);
      }
    }
    this.#emittedRows = end;
    return vectors;
  }

  #vectorOfRow(row: number): Float32Array | undefined {
    return this.#valueOfRow[row]?.vector;
  }

  async #candidates(): Promise<Candidate[]> {
    if (this.#options.call.input === 'text') {
      return this.#textCandidates();
    }
    const candidates = await Promise.all(this.#values.map(async (distinct) => this.#imageCandidate(distinct)));
    return candidates.flatMap((candidate) => candidate ?? []);
  }

  #textCandidates(): Candidate[] {
    const { model, tower } = this.#options;
    const candidates: Candidate[] = [];
    for (const distinct of this.#values) {
      const text = this.#decodeText(distinct);
      if (text !== undefined) {
        const input = (): QueuedValue['input'] => ({ tower: 'text', ids: model.tokenizer.tokenize(text) });
        candidates.push({ distinct, key: `${tower.key}\0${distinct.content}`, input });
      }
    }
    return candidates;
  }

  async #imageCandidate(distinct: DistinctValue): Promise<Candidate | undefined> {
    const { call, model, tower } = this.#options;
    if (distinct.value.length === 0) {
      // ClickHouse itself calls functions on '' (LowCardinality's default): it is no error.
      distinct.vector = new Float32Array(model.folder.dimensions);
      return undefined;
    }
    if (call.input === 'image-bytes') {
      const image = { bytes: distinct.value };
      return { distinct, key: `${tower.key}\0bytes\0${distinct.content}`, input: () => ({ tower: 'image', image }) };
    }
    const given = this.#decodeText(distinct);
    if (given === undefined) {
      return undefined;
    }
    const path = resolve(call.folder, given);
    const image = { path, folders: call.imageFolders };
    const key = JSON.stringify([tower.key, path, call.imageFolders, await fileState(path)]);
    return { distinct, key, input: () => ({ tower: 'image', image }) };
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
    distinct.vector = new Float32Array(this.#options.model.folder.dimensions);
  }

  #refuseNull(): never {
    throw new EmbedhouseError('TEXT_INVALID', "NULL has no vector: filter it out or use ifNull(x, '')");
  }
}

/** Tells two states of a file apart without reading it: whatever changes its content changes the time of its change. */
async function fileState(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found ? `${found.dev} ${found.ino} ${found.size} ${found.ctimeNs}` : 'unreadable';
}
