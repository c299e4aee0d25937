/** The element types of tensors that embedhouse makes or reads, by their numbers in the ONNX file format. */
export const dataTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;

/** The bytes of one element, for the types whose size a rewrite needs to know. */
export const elementBytes: Readonly<Record<number, number>> = {
  [dataTypes.float32]: 4,
  [dataTypes.uint8]: 1,
  [dataTypes.int8]: 1,
  [dataTypes.int32]: 4,
  [dataTypes.int64]: 8,
  [dataTypes.bool]: 1,
  [dataTypes.float16]: 2,
};
