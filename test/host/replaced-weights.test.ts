import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { readOnnx } from '../../src/models/onnx-graph/read-onnx.ts';
import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { readVectors, writeBlock } from './function-bytes.ts';
import { fixturesPath, TestRuntime } from './hosted-function.ts';

const runtime = new TestRuntime();

afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

async function encode(): Promise<number[][]> {
  const command = 'f --input text --model changing --format RowBinary --chunk-header';
  const env = { EMBEDHOUSE_MODELS: join(runtime.folder, 'models') };
  const { stdout, stderr } = await runtime.call(command, writeBlock('RowBinary', ['a dog']), { env });
  expect(stderr).toBe('');
  return readVectors('RowBinary', stdout);
}

test('weights beside the graph that are replaced in place are used as they are now', async () => {
  const folder = join(runtime.folder, 'models/changing');
  cpSync(join(fixturesPath, 'tiny-bert-cls'), folder, { recursive: true });
  const graph = join(folder, 'onnx/model.onnx');
  await writeOnnx(graph, await readOnnx(graph), { externalData: true });
  const before = await encode();
  const weights = readFileSync(`${graph}_data`);
  weights.copy(weights, 0, weights.length / 2);
  writeFileSync(`${graph}_data`, weights);
  expect(await encode()).not.toEqual(before);
});
