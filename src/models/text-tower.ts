import { type ModelFolder, textSpecOf } from './model-folder.ts';
import { normalizeVectors } from './normalize-vectors.ts';
import type { Feed, GraphValue, OnnxSession } from './onnx-session.ts';
import { openTower, type TowerOptions } from './open-tower.ts';
import { poolTokens } from './pool-tokens.ts';

/** The half of a model that embeds texts. */
export interface TextTower extends AsyncDisposable {
  /**
   * Embeds token ids (each row as a `Tokenizer` gives it) into vectors, row after row: shape [rows, dimensions],
   * normalised if the model does so. In fp32 a row's vector does not depend on the other rows of a CLIP; of other models
   * not on those of its length.
   *
   * @throws MODEL_INVALID when the graph fails or answers another shape.
   */
  run(batch: readonly (readonly number[])[]): Promise<Float32Array>;
  /** Releases the graph; more calls do nothing. */
  close(): Promise<void>;
}

const integerInputs = new Set(['input_ids', 'attention_mask', 'token_type_ids', 'position_ids']);
/** Decoders are exported with the keys and values of tokens before; there are none. */
const pastInput = /^past_key_values\.\d+\.(key|value)$/;

/**
 * Opens the text tower of a model.
 *
 * @throws MODEL_INVALID when the model lacks that dtype, or its file is not a text tower.
 */
export async function openTextTower(folder: ModelFolder, options: TowerOptions): Promise<TextTower> {
  const { session, output } = await openTower(folder, options, {
    tower: 'text',
    requiredInput: 'input_ids',
    inputTypes: (name) => {
      if (integerInputs.has(name)) return ['int64'];
      return pastInput.test(name) ? ['float32', 'float16'] : undefined;
    },
  });
  const { dimensions } = folder;
  const text = textSpecOf(folder);
  const fixedLength = session.inputs.find(({ name }) => name === 'input_ids')?.shape[1];
  return {
    async run(batch) {
      if (batch.length === 0) return new Float32Array(0);
      const rows = typeof fixedLength === 'number' ? batch.map((ids) => cutTo(ids, fixedLength)) : batch;
      // Exports that fix the length fix it to the model's own; all others need no more than the longest row.
      const length = typeof fixedLength === 'number' ? fixedLength : Math.max(...rows.map((ids) => ids.length));
      const feeds = createFeeds(session, rows, length, text.padding === 'after-end');
      const { pooling, normalize } = text;
      const isPooled = output.holds === 'vectors' || pooling === 'graph';
      const shape = isPooled ? [rows.length, dimensions] : [rows.length, length, dimensions];
      const values = await session.run(feeds, output.name, shape);
      const lengths = rows.map((ids) => ids.length);
      const vectors = isPooled ? values : poolTokens(values, lengths, dimensions, pooling);
      return normalize ? normalizeVectors(vectors, dimensions) : vectors;
    },
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/** Cuts a row as a tokenizer does: the last id is kept, which ends the text. */
function cutTo(ids: readonly number[], length: number): readonly number[] {
  return ids.length > length ? [...ids.slice(0, length - 1), ids.at(-1) ?? 0] : ids;
}

/**
 * Pads the rows to one length. Of a tower that is causal each row is padded with its own last id, the end-of-text id,
 * which pooling finds at its first place: nothing behind that place changes the vector. The padding of other towers is
 * masked.
 */
function createFeeds(
  session: OnnxSession,
  batch: readonly (readonly number[])[],
  length: number,
  padsWithEnd: boolean,
): Map<string, Feed> {
  const shape = [batch.length, length];
  const ids = new BigInt64Array(batch.length * length);
  const mask = new BigInt64Array(ids.length);
  const positions = BigInt64Array.from(ids, (_, index) => BigInt(index % length));
  for (const [row, rowIds] of batch.entries()) {
    const start = row * length;
    if (padsWithEnd) ids.fill(BigInt(rowIds.at(-1) ?? 0), start, start + length);
    mask.fill(1n, start, start + rowIds.length);
    for (const [column, id] of rowIds.entries()) ids[start + column] = BigInt(id);
  }
  const data: Readonly<Record<string, BigInt64Array>> = {
    input_ids: ids,
    attention_mask: mask,
    token_type_ids: new BigInt64Array(ids.length),
    position_ids: positions,
  };
  return new Map(
    session.inputs.map((input) => {
      const values = data[input.name];
      return [input.name, values ? { data: values, shape } : emptyPast(input, batch.length)];
    }),
  );
}

/** Of the axes [batch, heads, tokens, size] the second and the last are fixed in the graph. */
function emptyPast({ type, shape }: GraphValue, rows: number): Feed {
  const known = shape.map((length, axis) => (axis === 0 ? rows : Number(length)));
  const data = type === 'float16' ? new Uint16Array(0) : new Float32Array(0);
  return { data, shape: known.map((length) => (Number.isNaN(length) ? 0 : length)) };
}
