import type { NodeProto } from './onnx_pb.ts';

/** Reads an integer attribute of a node. */
export function integerAttribute(node: NodeProto, name: string, otherwise: number): number {
  const found = node.attribute.find((attribute) => attribute.name === name);
  return found === undefined ? otherwise : Number(found.i);
}

/** Reads a list of integers of a node; undefined when the node does not have it. */
export function integersAttribute(node: NodeProto, name: string): number[] | undefined {
  return node.attribute.find((attribute) => attribute.name === name)?.ints.map(Number);
}

/** Reads a float attribute of a node. */
export function floatAttribute(node: NodeProto, name: string, otherwise: number): number {
  return node.attribute.find((attribute) => attribute.name === name)?.f ?? otherwise;
}
