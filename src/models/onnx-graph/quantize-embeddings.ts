import { GraphEditor } from './graph-editor.ts';
import { integerAttribute } from './node-attribute.ts';
import type { OnnxModel } from './read-onnx.ts';
import { quantizeChannels } from './quantize-channels.ts';
import { createTensor, readFloats, shapeOf } from './tensor.ts';

/** Tables smaller than this stay as they are: positions, which every row needs, and constants. */
const minBytes = 1 << 18;

/**
 * Stores large tables from which rows are looked up, such as a tokenizer's embeddings, as signed 8-bit integers with one
 * scale per row: a quarter of the memory. A row's result still depends on that row alone.
 */
export function quantizeEmbeddings(model: OnnxModel, smallestBytes = minBytes): OnnxModel {
  const editor = new GraphEditor(model);
  const constant = editor.constants();
  let changed = false;
  for (const node of editor.nodes) {
    if (node.opType !== 'Gather' || integerAttribute(node, 'axis', 0) !== 0) continue;
    const [tableName = '', indices = ''] = node.input;
    const table = constant(tableName);
    const values = table === undefined ? undefined : readFloats(table);
    const [rows, columns, ...others] = table === undefined ? [] : shapeOf(table);
    if (values === undefined || rows === undefined || columns === undefined || others.length > 0) continue;
    if (values.byteLength < smallestBytes) continue;
    const { quantized, scales } = quantizeRowsOfTable(values, rows, columns);
    const integers = editor.addNode('Gather', `${tableName}/rows`, [
      editor.addConstant(createTensor(editor.uniqueName(`${tableName}/int8`), [rows, columns], quantized)),
      indices,
    ]);
    const scale = editor.addNode('Gather', `${tableName}/scales`, [
      editor.addConstant(createTensor(editor.uniqueName(`${tableName}/scale`), [rows, 1], scales)),
      indices,
    ]);
    const floats = editor.addNode('Cast', `${tableName}/floats`, [integers], { attributes: { to: 1n } });
    editor.replaceValue(node.output[0] ?? '', editor.addNode('Mul', `${tableName}/scaled`, [floats, scale]));
    changed = true;
  }
  return changed ? editor.finish() : model;
}

function quantizeRowsOfTable(values: Float32Array, rows: number, columns: number): ReturnType<typeof quantizeChannels> {
  const { quantized, scales } = quantizeChannels(values, { rows, columns, transposed: true });
  // That gives [columns, rows]; a lookup takes whole rows.
  const turned = new Int8Array(quantized.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1)
      turned[row * columns + column] = quantized[column * rows + row] ?? 0;
  }
  return { quantized: turned, scales };
}
