import { toBinary } from '@bufbuild/protobuf';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createModel } from './onnx-graph/create-model.ts';
import { createNode } from './onnx-graph/create-node.ts';
import { ModelProtoSchema } from './onnx-graph/onnx_pb.ts';
import { createTensor } from './onnx-graph/tensor.ts';

const depth = 64;
const channels = 64;
let answer: Promise<boolean> | undefined;
const largest = { activation: 255, weight: 127 };

/**
 * Says whether onnxruntime multiplies unsigned activations by signed 8-bit weights exactly on this processor. x86
 * processors with AVX2 but without VNNI add pairs of products in 16 bits, which overflow: there, graphs with signed weights
 * give other vectors than elsewhere. Found by multiplying the largest numbers.
 */
export async function multipliesInt8Exactly(): Promise<boolean> {
  answer ??= multiplyLargest();
  return answer;
}

async function multiplyLargest(): Promise<boolean> {
  const model = createModel({
    name: 'largest products',
    opset: 17,
    inputs: [{ name: 'activations', type: 'uint8', shape: ['rows', depth] }],
    outputs: [{ name: 'products', type: 'int32', shape: ['rows', channels] }],
    nodes: [
      createNode('MatMulInteger', { name: 'multiply', inputs: ['activations', 'weights'], outputs: ['products'] }),
    ],
    initializers: [createTensor('weights', [depth, channels], new Int8Array(depth * channels).fill(largest.weight))],
  });
  const session = await InferenceSession.create(toBinary(ModelProtoSchema, model), {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  try {
    const activations = new Tensor('uint8', new Uint8Array(depth).fill(largest.activation), [1, depth]);
    const { products } = await session.run({ activations });
    const exact = depth * largest.activation * largest.weight;
    return products instanceof Tensor && Array.from(products.data, Number).every((product) => product === exact);
  } finally {
    await session.release();
  }
}
