import { GraphEditor } from './graph-editor.ts';
import { floatAttribute, integerAttribute } from './node-attribute.ts';
import type { NodeProto } from './onnx_pb.ts';
import { quantizeChannels } from './quantize-channels.ts';
import type { OnnxModel } from './read-onnx.ts';
import { createTensor, readFloats, shapeOf } from './tensor.ts';

/** The contributed operators that every build of onnxruntime has. */
const microsoft = 'com.microsoft';

/** Where unsigned 8-bit numbers stand for zero: the range is then the same to both sides. */
const zeroPoint = 128;
const largest = 127;

/**
 * Rewrites products with a constant matrix in 8-bit integers: signed weights with one scale per output channel, and
 * activations with one scale per row (the row's largest absolute value / 127). Published dynamic quantisation takes one
 * scale over the whole batch, so that a row's result depends on its neighbours; here it depends on the row alone, bit
 * for bit. Rows of zeros give zeros.
 */
export function quantizeRows(model: OnnxModel): OnnxModel {
  const editor = new GraphEditor(model);
  const constant = editor.constants();
  const rows = new RowQuantizer(editor);
  for (const node of editor.nodes) {
    const weightName = node.input[1] ?? '';
    const weight = constant(weightName);
    const values = weight === undefined ? undefined : readFloats(weight);
    const [first, second, ...others] = weight === undefined ? [] : shapeOf(weight);
    if (values === undefined || first === undefined || second === undefined || others.length > 0) continue;
    if (!isPlainProduct(node)) continue;
    const transposed = integerAttribute(node, 'transB', 0) === 1;
    const { quantized, scales } = quantizeChannels(values, { rows: first, columns: second, transposed });
    const [depth, channels] = transposed ? [second, first] : [first, second];
    const product = rows.multiply(
      node.input[0] ?? '',
      editor.addConstant(createTensor(editor.uniqueName(`${weightName}/int8`), [depth, channels], quantized)),
      editor.addConstant(createTensor(editor.uniqueName(`${weightName}/scale`), [channels], scales)),
      node.output[0] ?? '',
    );
    const bias = node.opType === 'Gemm' ? (node.input[2] ?? '') : '';
    const result = bias === '' ? product : editor.addNode('Add', `${node.name}/biased`, [product, bias]);
    editor.replaceValue(node.output[0] ?? '', result);
  }
  return editor.finish();
}

/** Gemm is a product of rows with a matrix only when it neither transposes its rows nor weighs its terms. */
function isPlainProduct(node: NodeProto): boolean {
  if (node.opType === 'MatMul') return true;
  if (node.opType !== 'Gemm' || integerAttribute(node, 'transA', 0) !== 0) return false;
  return floatAttribute(node, 'alpha', 1) === 1 && floatAttribute(node, 'beta', 1) === 1;
}

/** Adds the nodes that quantise rows; values that several products share are quantised once. */
class RowQuantizer {
  readonly #editor: GraphEditor;
  readonly #known = new Map<string, { quantized: string; scale: string }>();
  readonly #constants = new Map<string, string>();

  constructor(editor: GraphEditor) {
    this.#editor = editor;
  }

  multiply(value: string, weight: string, channelScales: string, name: string): string {
    const { quantized, scale } = this.#quantize(value);
    const inputs = [quantized, weight, this.#step(), channelScales, this.#zeroPoint()];
    const product = this.#editor.addNode('MatMulIntegerToFloat', `${name}/int8`, inputs, { domain: microsoft });
    return this.#editor.addNode('Mul', `${name}/scaled`, [product, scale]);
  }

  #quantize(value: string): { quantized: string; scale: string } {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const editor = this.#editor;
    const magnitude = editor.addNode('Abs', `${value}/abs`, [value]);
    const maximum =
      editor.opset < 18
        ? editor.addNode('ReduceMax', `${value}/max`, [magnitude], { attributes: { axes: [-1n], keepdims: 1n } })
        : editor.addNode('ReduceMax', `${value}/max`, [magnitude, this.#lastAxis()], { attributes: { keepdims: 1n } });
    // Keeps a row of zeros from being divided by zero, and is lost in the rounding of every other row.
    const scale = editor.addNode('Add', `${value}/scale`, [maximum, this.#float(1e-30)]);
    const divided = editor.addNode('Div', `${value}/divided`, [value, scale]);
    // Rounds half to even and saturates in one vectorised pass, faster than Round, Clip and Cast.
    const quantized = editor.addNode('QuantizeLinear', `${value}/uint8`, [divided, this.#step(), this.#zeroPoint()]);
    const result = { quantized, scale };
    this.#known.set(value, result);
    return result;
  }

  #float(value: number): string {
    return this.#constant(`float/${value}`, (name) => createTensor(name, [], new Float32Array([value])));
  }

  /** What one step of the integers is worth in a row whose largest absolute value is 1. */
  #step(): string {
    return this.#float(1 / largest);
  }

  #zeroPoint(): string {
    return this.#constant('zero_point', (name) => createTensor(name, [], new Uint8Array([zeroPoint])));
  }

  #lastAxis(): string {
    return this.#constant('last_axis', (name) => createTensor(name, [1], new BigInt64Array([-1n])));
  }

  #constant(key: string, make: (name: string) => ReturnType<typeof createTensor>): string {
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#editor.addConstant(make(this.#editor.uniqueName(`quantize_rows/${key}`)));
    this.#constants.set(key, name);
    return name;
  }
}
