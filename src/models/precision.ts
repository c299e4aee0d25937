/**
 * The number formats that published model folders come in, each with the suffix of its files:
 * `onnx/text_model<suffix>.onnx` and `onnx/vision_model<suffix>.onnx`, as transformers.js names them.
 */
const precisionSuffixes = {
  fp32: '',
  fp16: '_fp16',
  int8: '_int8',
  uint8: '_uint8',
  quantized: '_quantized',
  q4: '_q4',
  q4f16: '_q4f16',
  bnb4: '_bnb4',
} as const;

export type Precision = keyof typeof precisionSuffixes;

export const precisions: readonly Precision[] = ['fp32', 'fp16', 'int8', 'uint8', 'quantized', 'q4', 'q4f16', 'bnb4'];

/** Names the file of one tower in one precision, relative to the model folder. */
export function towerFile(tower: 'text' | 'vision', precision: Precision): string {
  return `onnx/${tower}_model${precisionSuffixes[precision]}.onnx`;
}
