/** What a process that drives onnxruntime directly is asked for. Rows are token ids, start and end of text included. */
export type ModelRequest =
  /** `threads` left out: the runtime's default. */
  | { readonly type: 'open'; readonly path: string; readonly threads?: number }
  /** One run, padded to the longest row. */
  | { readonly type: 'batch'; readonly rows: readonly (readonly number[])[] }
  /** One run for each row, padded to 77 tokens. */
  | { readonly type: 'row-by-row'; readonly rows: readonly (readonly number[])[] }
  /** One run on so many ready-made images. */
  | { readonly type: 'images'; readonly count: number }
  /** One plain matrix product after the other for so long. */
  | { readonly type: 'matmul'; readonly durationMs: number };

export interface ModelReply {
  readonly elapsedMs: number;
  /** Runs of the graph. */
  readonly runs: number;
}
