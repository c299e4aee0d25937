import { dataTypes } from './data-type.ts';
import { GraphEditor } from './graph-editor.ts';
import type { NodeProto, TensorProto } from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';
import { createTensor, readIntegers, shapeOf } from './tensor.ts';

/** Where the operators that multiply by 8-bit weights take the weights and their zero point. */
const weightInputs: Readonly<Record<string, { readonly weight: number; readonly zeroPoint: number }>> = {
  MatMulInteger: { weight: 1, zeroPoint: 3 },
  MatMulIntegerToFloat: { weight: 1, zeroPoint: 5 },
  DynamicQuantizeMatMul: { weight: 1, zeroPoint: 3 },
};

/**
 * Rewrites unsigned 8-bit weights as signed ones, by taking 128 from the weights and from their zero point: the integer
 * products, and so the vectors, are the same to the last bit, but processors with VNNI multiply unsigned activations
 * by signed weights about twice as fast. ConvInteger stays as it is, since onnxruntime has it for unsigned weights only.
 */
export function signWeights(model: OnnxModel): OnnxModel {
  const editor = new GraphEditor(model);
  const constant = editor.constants();
  const producers = editor.producers();
  const signed = new Map<TensorProto, string>();

  const sign = (tensor: TensorProto): string => {
    const known = signed.get(tensor);
    if (known !== undefined) return known;
    const values = Int8Array.from(readIntegers(tensor) ?? [], (value) => value - 128);
    const name = editor.addConstant(createTensor(editor.uniqueName(`${tensor.name}/signed`), shapeOf(tensor), values));
    signed.set(tensor, name);
    return name;
  };
  const zero = createTensor(editor.uniqueName('zero'), [], new Uint8Array(1));

  for (const node of editor.nodes) {
    const places = weightInputs[node.opType];
    if (places === undefined) continue;
    const weight = constant(node.input[places.weight] ?? '');
    const zeroPointName = node.input[places.zeroPoint] ?? '';
    const zeroPoint = zeroPointName === '' ? zero : constant(zeroPointName);
    if (weight?.dataType !== dataTypes.uint8 || zeroPoint === undefined || !hasUnsignedActivations(node, producers))
      continue;
    const inputs = Array.from({ length: places.zeroPoint + 1 }, (_, index) => node.input[index] ?? '');
    inputs[places.weight] = sign(weight);
    inputs[places.zeroPoint] = sign(zeroPoint);
    node.input.splice(0, inputs.length, ...inputs);
  }
  return signed.size === 0 ? model : editor.finish();
}

/** Signed activations by signed weights are slow on x86: such a product is better left as it is. */
function hasUnsignedActivations(node: NodeProto, producers: ReadonlyMap<string, NodeProto>): boolean {
  if (node.opType === 'DynamicQuantizeMatMul') return true;
  // Its output is unsigned by its definition.
  return producers.get(node.input[0] ?? '')?.opType === 'DynamicQuantizeLinear';
}
