import type { ModelFolder } from './model-folder.ts';
import type { Feed, OnnxSession } from './onnx-session.ts';
import { openTower, type TowerOptions } from './open-tower.ts';

/** The half of a CLIP model that embeds texts. */
export interface TextTower extends AsyncDisposable {
  /**
   * Embeds token ids (each row as a `Tokenizer` gives it) into vectors, row after row: shape [rows, dimensions], not
   * normalised. In fp32 a row's vector does not depend on the other rows.
   *
   * @throws MODEL_INVALID when the graph fails or answers another shape.
   */
  run(batch: readonly (readonly number[])[]): Promise<Float32Array>;
  /** Releases the graph; more calls do nothing. */
  close(): Promise<void>;
}

const contract = {
  tower: 'text',
  output: 'text_embeds',
  requiredInput: 'input_ids',
  inputTypes: { input_ids: 'int64', attention_mask: 'int64' },
} as const;

/**
 * Opens the text tower of a model.
 *
 * @throws MODEL_INVALID when the model lacks that dtype, or its file is not a text tower.
 */
export async function openTextTower(folder: ModelFolder, options: TowerOptions): Promise<TextTower> {
  const session = await openTower(folder, options, contract);
  const fixedLength = session.inputs.find(({ name }) => name === 'input_ids')?.shape[1];
  return {
    async run(batch) {
      if (batch.length === 0) return new Float32Array(0);
      // Exports that fix the length fix it to the model's 77; all others need no more than the longest row.
      const length = typeof fixedLength === 'number' ? fixedLength : Math.max(...batch.map((ids) => ids.length));
      return session.run(createFeeds(session, batch, length), contract.output, [batch.length, folder.dimensions]);
    },
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  };
}

/**
 * Pads each row with its own last id. That is the end-of-text id, which pooling finds at its first place, and the tower
 * is causal: nothing behind that place changes the vector.
 */
function createFeeds(session: OnnxSession, batch: readonly (readonly number[])[], length: number): Map<string, Feed> {
  const shape = [batch.length, length];
  const ids = new BigInt64Array(batch.length * length);
  const mask = new BigInt64Array(ids.length);
  for (const [row, rowIds] of batch.entries()) {
    const start = row * length;
    ids.fill(BigInt(rowIds.at(-1) ?? 0), start, start + length);
    mask.fill(1n, start, start + rowIds.length);
    for (const [column, id] of rowIds.entries()) ids[start + column] = BigInt(id);
  }
  const feeds = new Map([
    ['input_ids', { data: ids, shape }],
    ['attention_mask', { data: mask, shape }],
  ]);
  return new Map([...feeds].filter(([name]) => session.inputs.some((input) => input.name === name)));
}
