import { create } from '@bufbuild/protobuf';
import { dataTypes } from './data-type.ts';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';

/** An input or output of a graph; a dimension that is not fixed is a name. */
export interface GraphPort {
  readonly name: string;
  readonly type: keyof typeof dataTypes;
  readonly shape: readonly (number | string)[];
}

export interface ModelOptions {
  readonly name: string;
  readonly inputs: readonly GraphPort[];
  readonly outputs: readonly GraphPort[];
  /** In an order in which each value is computed before it is used. */
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
  /** The version of the standard operators. */
  readonly opset: number;
}

/** Makes a model from nodes and weights. */
export function createModel({ name, inputs, outputs, nodes, initializers, opset }: ModelOptions): OnnxModel {
  const graph = create(GraphProtoSchema, {
    name,
    node: [...nodes],
    initializer: [...initializers],
    input: inputs.map(createValueInfo),
    output: outputs.map(createValueInfo),
  });
  const model = create(ModelProtoSchema, {
    // The version of the file format that came with opset 17; every onnxruntime of the last years reads it.
    irVersion: 8n,
    producerName: 'embedhouse',
    opsetImport: [{ domain: '', version: BigInt(opset) }],
  });
  return Object.assign(model, { graph });
}

function createValueInfo({ name, type, shape }: GraphPort): ValueInfoProto {
  const dim = shape.map((size) => ({
    value:
      typeof size === 'number'
        ? { case: 'dimValue' as const, value: BigInt(size) }
        : { case: 'dimParam' as const, value: size },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { tensorType: { elemType: dataTypes[type], shape: { dim } } },
  });
}
