/**
 * The variants that model folders hold, each with the suffix of its files: `onnx/text_model<suffix>.onnx` and
 * `onnx/vision_model<suffix>.onnx`, named as transformers.js names them; `int8-row` is made by `embedhouse models quantize`.
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

/** Names the file of one tower in one variant, relative to the model folder. */
export function towerFile(tower: 'text' | 'vision', dtype: Dtype): string {
  return `onnx/${tower}_model${dtypeSuffixes[dtype]}.onnx`;
}
