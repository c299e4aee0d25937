import { createHash } from 'node:crypto';
import { resolve } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Row } from '../formats/row-reader.ts';
import { imageRunLimits, planRuns, textRunLimits } from './batch-plan.ts';
import type { EncoderInput, ImageSource, ModelReference } from './encoder-messages.ts';
import type { FunctionCall } from './function-call.ts';
import type { HostedModel } from './model-registry.ts';
import { showValue } from './show-value.ts';
import type { SubmitOptions } from './run-queue.ts';
import type { EncodedRun } from './encoder-messages.ts';
import type { VectorCache } from './vector-cache.ts';

/** What encoding a window of rows needs of the host. */
export interface EncodeServices {
  cache: VectorCache;
  submit: (model: ModelReference, input: EncoderInput, options: SubmitOptions) => Promise<EncodedRun>;
  countZeroed: (rows: number) => void;
}

export interface WindowOptions {
  call: FunctionCall;
  model: HostedModel;
  services: EncodeServices;
  submit: SubmitOptions;
  /** Called whenever further distinct values of the window have their vectors. */
  onVectors: () => void;
}

/** A distinct value of a window: the same value in many rows is computed once. */
interface DistinctValue {
  /** How the value is named in an error. */
  value: Buffer;
  rows: number;
  vector?: Float32Array;
}

/**
 * A window of rows on its way to vectors: dropped repeats, answers of the cache, runs sorted by length, order kept.
 */
export class EncodeWindow {
  readonly #options: WindowOptions;
  readonly #values: DistinctValue[] = [];
  readonly #valueOfRow: DistinctValue[] = [];
  #emittedRows = 0;

  constructor(rows: readonly Row[], options: WindowOptions) {
    this.#options = options;
    const known = new Map<string, DistinctValue>();
    for (const [cell] of rows) {
      const value = cell ?? this.#refuseNull();
      // A digest has 64 characters: no value shorter than that is taken for one.
      const key = value.length < 64 ? value.toString('latin1') : createHash('sha256').update(value).digest('hex');
      let distinct = known.get(key);
      if (distinct === undefined) {
        distinct = { value, rows: 0 };
        known.set(key, distinct);
        this.#values.push(distinct);
      }
      distinct.rows++;
      this.#valueOfRow.push(distinct);
    }
  }

  /** Computes every distinct value's vector. @throws the first row's failure, unless the policy is `zero` */
  async run(): Promise<void> {
    await (this.#options.call.input === 'text' ? this.#runTexts() : this.#runImages());
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

  async #runTexts(): Promise<void> {
    const { call, model, services } = this.#options;
    const pending: { distinct: DistinctValue; key: string; ids: readonly number[] }[] = [];
    for (const distinct of this.#values) {
      const text = this.#decodeText(distinct);
      if (text === undefined) {
        continue;
      }
      const key = `${model.fingerprint}\0${call.precision}\0${text}`;
      const cached = services.cache.get(key);
      if (cached === undefined) {
        pending.push({ distinct, key, ids: model.tokenizer.tokenize(text) });
      } else {
        distinct.vector = cached;
      }
    }
    this.#options.onVectors();
    const runs = planRuns(
      pending.map(({ ids }) => ids.length),
      textRunLimits,
    );
    await Promise.all(
      runs.map(async (run) => {
        const members = run.flatMap((index) => pending[index] ?? []);
        await this.#encode({ tower: 'text', ids: members.map(({ ids }) => ids) }, members);
        for (const { distinct, key } of members) {
          if (distinct.vector !== undefined) {
            services.cache.set(key, distinct.vector);
          }
        }
      }),
    );
  }

  async #runImages(): Promise<void> {
    const { call, model } = this.#options;
    const pending: { distinct: DistinctValue; source: ImageSource }[] = [];
    for (const distinct of this.#values) {
      if (distinct.value.length === 0) {
        // ClickHouse itself calls functions on '' (LowCardinality's default): it is no error.
        distinct.vector = new Float32Array(model.folder.dimensions);
      } else if (call.input === 'image-bytes') {
        pending.push({ distinct, source: { bytes: distinct.value } });
      } else {
        const path = this.#decodeText(distinct);
        if (path !== undefined) {
          pending.push({ distinct, source: { path: resolve(call.folder, path) } });
        }
      }
    }
    this.#options.onVectors();
    const runs = planRuns(
      pending.map(() => 1),
      imageRunLimits,
    );
    await Promise.all(
      runs.map(async (run) => {
        const members = run.flatMap((index) => pending[index] ?? []);
        const images = members.map(({ source }) => source);
        await this.#encode({ tower: 'image', images, imageFolders: call.imageFolders }, members);
      }),
    );
  }

  async #encode(input: EncoderInput, members: readonly { distinct: DistinctValue }[]): Promise<void> {
    const { call, model, services, submit, onVectors } = this.#options;
    const { modelsPath, model: name, precision } = call;
    const reference = { modelsPath, name, precision, fingerprint: model.fingerprint };
    const { dimensions, vectors, failures } = await services.submit(reference, input, submit);
    const failed = new Set(failures.map(({ index }) => index));
    for (const { index, code, message } of failures) {
      const distinct = members[index]?.distinct;
      if (distinct !== undefined) {
        this.#fail(distinct, new EmbedhouseError(code, message));
      }
    }
    for (const [index, { distinct }] of members.entries()) {
      if (!failed.has(index)) {
        // A copy: the run's memory is not kept for the sake of one cached vector.
        distinct.vector = vectors.slice(index * dimensions, (index + 1) * dimensions);
      }
    }
    onVectors();
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
