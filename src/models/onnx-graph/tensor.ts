import { create } from '@bufbuild/protobuf';
import { dataTypes } from './data-type.ts';
import { type TensorProto, TensorProtoSchema } from './onnx_pb.ts';

/** The arrays that tensors are made of, and the element type each stands for. */
export type TensorValues = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array;

/** Makes a tensor of `values`, row-major, in the shape `dims` (`[]`: a scalar); it shares the array's memory. */
export function createTensor(name: string, dims: readonly number[], values: TensorValues): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dims: dims.map(BigInt),
    dataType: dataTypeOf(values),
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  });
}

/** Gives a tensor's shape. */
export function shapeOf(tensor: TensorProto): number[] {
  return tensor.dims.map(Number);
}

/** Reads a float32 tensor, row-major; undefined for any other type. */
export function readFloats(tensor: TensorProto): Float32Array | undefined {
  if (tensor.dataType !== dataTypes.float32) return undefined;
  if (tensor.floatData.length > 0) return Float32Array.from(tensor.floatData);
  const bytes = alignedBytes(tensor.rawData, 4);
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
}

/** Reads an integer tensor (int8, uint8, int32, int64), row-major; undefined for any other type. */
export function readIntegers(tensor: TensorProto): number[] | undefined {
  const { dataType, rawData, int32Data, int64Data } = tensor;
  if (dataType === dataTypes.int64) {
    if (int64Data.length > 0) return int64Data.map(Number);
    const bytes = alignedBytes(rawData, 8);
    return Array.from(new BigInt64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8), Number);
  }
  if (int32Data.length > 0) return int32Data;
  if (dataType === dataTypes.int32) {
    const bytes = alignedBytes(rawData, 4);
    return Array.from(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4));
  }
  if (dataType === dataTypes.int8) return Array.from(new Int8Array(rawData.buffer, rawData.byteOffset, rawData.length));
  if (dataType === dataTypes.uint8) return Array.from(rawData);
  return undefined;
}

/** Bytes inside a file begin anywhere; typed arrays want a multiple of the element's size. */
function alignedBytes(bytes: Uint8Array, elementBytes: number): Uint8Array {
  return bytes.byteOffset % elementBytes === 0 ? bytes : new Uint8Array(bytes);
}

function dataTypeOf(values: TensorValues): number {
  if (values instanceof Float32Array) return dataTypes.float32;
  if (values instanceof Int8Array) return dataTypes.int8;
  if (values instanceof Uint8Array) return dataTypes.uint8;
  if (values instanceof Int32Array) return dataTypes.int32;
  return dataTypes.int64;
}
