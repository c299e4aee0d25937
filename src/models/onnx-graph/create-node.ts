import { create } from '@bufbuild/protobuf';
import {
  type AttributeProto,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
} from './onnx_pb.ts';

/** An attribute's value: a bigint is an int, a list of bigints ints, a number a float. */
export type AttributeValue = bigint | readonly bigint[] | number | string | TensorProto;

export interface NodeOptions {
  /** Unique in the graph; also names what profilers show. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /**
   * The operator set.
   * @default the standard one
   */
  readonly domain?: string;
}

/** Makes one node of a graph. */
export function createNode(opType: string, { name, inputs, outputs, attributes, domain }: NodeOptions): NodeProto {
  return create(NodeProtoSchema, {
    name,
    opType,
    input: [...inputs],
    output: [...outputs],
    attribute: Object.entries(attributes ?? {}).map(([key, value]) => createAttribute(key, value)),
    ...(domain === undefined ? {} : { domain }),
  });
}

function createAttribute(name: string, value: AttributeValue): AttributeProto {
  // The numbers of `type` are those of AttributeProto.AttributeType in the ONNX file format.
  if (typeof value === 'bigint') return create(AttributeProtoSchema, { name, type: 2, i: value });
  if (typeof value === 'number') return create(AttributeProtoSchema, { name, type: 1, f: value });
  if (typeof value === 'string') return create(AttributeProtoSchema, { name, type: 3, s: Buffer.from(value) });
  if ('$typeName' in value) return create(AttributeProtoSchema, { name, type: 4, t: value });
  return create(AttributeProtoSchema, { name, type: 7, ints: [...value] });
}
