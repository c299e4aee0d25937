import { GraphEditor } from './graph-editor.ts';
import { integerAttribute, integersAttribute } from './node-attribute.ts';
import type { NodeProto } from './onnx_pb.ts';
import type { OnnxModel } from './read-onnx.ts';
import { createTensor, readFloats, shapeOf } from './tensor.ts';

/**
 * Writes convolutions whose patches do not overlap, such as a vision transformer's first step, as products of the
 * patches with a matrix, which `quantizeRows` can then take. The image must be of a fixed size, given by `imageSize` in
 * pixels a side.
 */
export function patchesToProduct(model: OnnxModel, imageSize: number): OnnxModel {
  const editor = new GraphEditor(model);
  const constant = editor.constants();
  let changed = false;
  for (const node of editor.nodes) {
    const weight = constant(node.input[1] ?? '');
    const values = weight === undefined ? undefined : readFloats(weight);
    const [filters, channels, height, width, ...others] = weight === undefined ? [] : shapeOf(weight);
    if (node.opType !== 'Conv' || values === undefined || others.length > 0) continue;
    if (filters === undefined || channels === undefined || height === undefined || width !== height) continue;
    if (imageSize % height !== 0 || !takesPatchesOnce(node, height)) continue;
    const count = imageSize / height;
    const depth = channels * height * width;
    const integers = (name: string, list: readonly number[]): string =>
      editor.addConstant(
        createTensor(editor.uniqueName(`patches/${name}`), [list.length], BigInt64Array.from(list, BigInt)),
      );
    const matrix = transpose(values, filters, depth);
    const [image = '', , bias = ''] = node.input;
    const cut = editor.addNode('Reshape', 'patches/cut', [
      image,
      integers('cut_shape', [-1, channels, count, height, count, width]),
    ]);
    const sorted = editor.addNode('Transpose', 'patches/sorted', [cut], {
      attributes: { perm: [0n, 2n, 4n, 1n, 3n, 5n] },
    });
    const rows = editor.addNode('Reshape', 'patches/rows', [
      sorted,
      integers('rows_shape', [-1, count * count, depth]),
    ]);
    const product = editor.addNode('MatMul', 'patches/product', [
      rows,
      editor.addConstant(createTensor(editor.uniqueName('patches/weight'), [depth, filters], matrix)),
    ]);
    const biased = bias === '' ? product : editor.addNode('Add', 'patches/biased', [product, bias]);
    const turned = editor.addNode('Transpose', 'patches/turned', [biased], { attributes: { perm: [0n, 2n, 1n] } });
    const result = editor.addNode('Reshape', 'patches/result', [
      turned,
      integers('result_shape', [-1, filters, count, count]),
    ]);
    editor.replaceValue(node.output[0] ?? '', result);
    changed = true;
  }
  return changed ? editor.finish() : model;
}

/** Whether a convolution steps by its own size and adds nothing around the image. */
function takesPatchesOnce(node: NodeProto, size: number): boolean {
  const strides = integersAttribute(node, 'strides') ?? [1, 1];
  const pads = integersAttribute(node, 'pads') ?? [];
  const dilations = integersAttribute(node, 'dilations') ?? [];
  return (
    strides.every((stride) => stride === size) &&
    pads.every((pad) => pad === 0) &&
    dilations.every((dilation) => dilation === 1) &&
    integerAttribute(node, 'group', 1) === 1
  );
}

function transpose(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1)
      turned[column * rows + row] = values[row * columns + column] ?? 0;
  }
  return turned;
}
