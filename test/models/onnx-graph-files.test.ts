import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { InferenceSession } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createModel } from '../../src/models/onnx-graph/create-model.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { ModelProtoSchema } from '../../src/models/onnx-graph/onnx_pb.ts';
import { readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { createTensor } from '../../src/models/onnx-graph/tensor.ts';
import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { exportedClipPath, idsFeed, recorded, runGraph } from './exported-clip.ts';
import { greatestDifference } from './fixtures.ts';

const published = join(exportedClipPath, 'text_sdpa_17.onnx');
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-onnx-'));
  path = join(folder, 'model.onnx');
});
afterEach(() => rm(folder, { recursive: true }));

describe('writeOnnx', () => {
  test('writes one file that holds all that the read one did', async () => {
    const model = await readOnnx(published);
    await writeOnnx(path, model, { externalData: false });
    expect(await readdir(folder)).toEqual(['model.onnx']);
    const written = await readFile(path);
    expect(written.length).toBe((await readFile(published)).length);
    expect(fromBinary(ModelProtoSchema, written)).toEqual({ ...model });
  });

  test('writes weights of 1 kB and more at multiples of 4096 bytes beside a graph that onnxruntime runs from there', async () => {
    const model = await readOnnx(published);
    await writeOnnx(path, model, { externalData: true });
    expect((await readdir(folder)).toSorted()).toEqual(['model.onnx', 'model.onnx_data']);
    const { graph } = fromBinary(ModelProtoSchema, await readFile(path));
    const outside = graph?.initializer.filter(({ dataLocation }) => dataLocation === 1) ?? [];
    const large = model.graph.initializer.filter(({ rawData }) => rawData.length >= 1024);
    expect(outside.map(({ name }) => name)).toEqual(large.map(({ name }) => name));
    for (const { externalData } of outside) {
      const offset = externalData.find(({ key }) => key === 'offset')?.value;
      expect(Number(offset) % 4096).toBe(0);
    }
    const session = await InferenceSession.create(path);
    const { text_embeds: vectors } = await session.run(idsFeed(recorded.ids));
    await session.release();
    expect(greatestDifference(Array.from(vectors?.data ?? [], Number), recorded.text.flat())).toBeLessThan(1e-5);
  });

  test('replaces a model with external data by one without', async () => {
    const model = await readOnnx(published);
    await writeOnnx(path, model, { externalData: true });
    await writeOnnx(path, model, { externalData: false });
    expect(await readdir(folder)).toEqual(['model.onnx']);
  });

  test('leaves nothing behind when it is stopped', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    const writing = writeOnnx(path, await readOnnx(published), { externalData: true, signal });
    await expect(writing).rejects.toThrow('stopped');
    expect(await readdir(folder)).toEqual([]);
  });

  test('leaves nothing behind when the model cannot get its name', async () => {
    await mkdir(join(path, 'taken'), { recursive: true });
    const writing = writeOnnx(path, await readOnnx(published), { externalData: true });
    await expect(writing).rejects.toMatchObject({ code: 'FILE_UNUSABLE', message: expect.stringContaining(path) });
    expect(await readdir(folder)).toEqual(['model.onnx']);
  });

  test('refuses a folder that is not there', async () => {
    const writing = writeOnnx(join(folder, 'missing', 'model.onnx'), await readOnnx(published), { externalData: true });
    await expect(writing).rejects.toMatchObject({ code: 'FILE_UNUSABLE' });
  });
});

describe('readOnnx', () => {
  test('reads external data back as it was', async () => {
    const model = await readOnnx(published);
    await writeOnnx(path, model, { externalData: true });
    const { graph } = await readOnnx(path);
    for (const [index, { name, rawData }] of model.graph.initializer.entries()) {
      expect(graph.initializer[index]?.name).toBe(name);
      expect(Buffer.compare(graph.initializer[index]?.rawData ?? Buffer.of(), rawData)).toBe(0);
    }
  });

  test.each([
    ['in the middle', 50_000],
    ['before its first byte', 0],
  ])('refuses a graph that is cut off %s', async (_, length) => {
    await writeFile(path, (await readFile(published)).subarray(0, length));
    await expect(readOnnx(path)).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining(path),
    });
  });

  test('refuses external data that is cut off, and names the file', async () => {
    await writeOnnx(path, await readOnnx(published), { externalData: true });
    await truncate(`${path}_data`, 5000);
    await expect(readOnnx(path)).rejects.toThrow(/model\.onnx_data is cut off: weight .* of 5000/);
  });

  test('refuses external data that is missing', async () => {
    await writeOnnx(path, await readOnnx(published), { externalData: true });
    await rm(`${path}_data`);
    await expect(readOnnx(path)).rejects.toThrow(/model\.onnx_data, which cannot be read/);
  });

  test.each(['../secret', '/etc/hostname', 'inner/../../secret', ''])(
    'refuses external data from %j, outside the folder of the graph',
    async (location) => {
      const weights = createTensor('weights', [512], new Float32Array(512));
      const model = createModel({
        name: 'outside',
        opset: 17,
        inputs: [{ name: 'x', type: 'float32', shape: [512] }],
        outputs: [{ name: 'y', type: 'float32', shape: [512] }],
        nodes: [createNode('Add', { name: 'add', inputs: ['x', 'weights'], outputs: ['y'] })],
        initializers: [weights],
      });
      await writeOnnx(path, model, { externalData: true });
      const bytes = await readFile(path);
      const written = fromBinary(ModelProtoSchema, bytes);
      for (const entry of written.graph?.initializer[0]?.externalData ?? []) {
        if (entry.key === 'location') entry.value = location;
      }
      await writeOnnx(path, Object.assign(model, { graph: written.graph }), { externalData: false });
      await expect(readOnnx(path)).rejects.toMatchObject({
        code: 'MODEL_INVALID',
        message: expect.stringContaining('not beside it'),
      });
    },
  );
});

test('a graph made here runs in onnxruntime', async () => {
  const model = createModel({
    name: 'scaled',
    opset: 17,
    inputs: [{ name: 'input_ids', type: 'int64', shape: ['rows', 2] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['rows', 2] }],
    nodes: [
      createNode('Cast', { name: 'cast', inputs: ['input_ids'], outputs: ['floats'], attributes: { to: 1n } }),
      createNode('Mul', { name: 'mul', inputs: ['floats', 'factors'], outputs: ['y'] }),
    ],
    initializers: [createTensor('factors', [2], new Float32Array([0.5, -3]))],
  });
  const [y] = await runGraph(
    model,
    idsFeed([
      [4, 1],
      [6, 2],
    ]),
  );
  expect(y).toEqual(new Float32Array([2, -3, 3, -6]));
});
