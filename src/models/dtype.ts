/**
 * The variants that model folders hold, each with the suffix of its files: `onnx/text_model<suffix>.onnx`,
 * `onnx/vision_model<suffix>.onnx` or `onnx/model<suffix>.onnx`, named as transformers.js names them; `int8-row` is made by `embedhouse models quantize`.
 */
const dtypeSuffixes = {
  fp32: '',
  fp16: '_fp16',
  'int8-row': '_int8_row',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const;

export type Dtype = keyof typeof dtypeSuffixes;

export const dtypes = [
  'fp32',
  'fp16',
  'int8-row',
  'q8',
  'int8',
  'uint8',
  'q4',
  'q4f16',
  'bnb4',
] as const satisfies Dtype[];

/** Graphs that a model folder can hold: one for each tower, or one for all that the model does. */
export type GraphStem = 'text_model' | 'vision_model' | 'model';

/** Names the file of a graph in one variant, relative to the model folder. */
export function graphFile(stem: GraphStem, dtype: Dtype): string {
  return `onnx/${stem}${dtypeSuffixes[dtype]}.onnx`;
}

/** Names the file of one tower in one variant, relative to the model folder. */
export function towerFile(tower: 'text' | 'vision', dtype: Dtype): string {
  return graphFile(`${tower}_model`, dtype);
}
