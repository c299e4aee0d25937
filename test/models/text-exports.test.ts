import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { openModelFolder, type ModelFolder } from '../../src/models/model-folder.ts';
import { createNode } from '../../src/models/onnx-graph/create-node.ts';
import { dataTypes } from '../../src/models/onnx-graph/data-type.ts';
import { readOnnx, type OnnxModel } from '../../src/models/onnx-graph/read-onnx.ts';
import { writeOnnx } from '../../src/models/onnx-graph/write-onnx.ts';
import { openTextTower } from '../../src/models/text-tower.ts';
import { loadTokenizer } from '../../src/models/tokenizer.ts';
import { greatestDifference, modelsPath } from './fixtures.ts';
import { readRecordedModel } from './recorded-models.ts';

const options = { dtype: 'fp32', threads: 1 } as const;
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-exports-'));
});
afterAll(async () => rm(temporary, { recursive: true }));

/** Copies a recorded model and puts a changed graph in its place. */
async function copyWith(name: string, graph: string, change: (model: OnnxModel) => void): Promise<ModelFolder> {
  await cp(join(modelsPath, 'tiny-bert-mean'), join(temporary, name), { recursive: true });
  const model = await readOnnx(join(modelsPath, graph));
  change(model);
  await writeOnnx(join(temporary, name, 'onnx/model.onnx'), model, { externalData: false });
  return openModelFolder(temporary, name);
}

/** Gives each input the length that an export for phones has. */
function fixLength(length: number): (model: OnnxModel) => void {
  return ({ graph }) => {
    for (const input of graph.input) {
      const axis = input.type?.tensorType?.shape?.dim[1];
      if (axis) axis.value = { case: 'dimValue', value: BigInt(length) };
    }
  };
}

function renameOutput(from: string, to: string): (model: OnnxModel) => void {
  return ({ graph }) => {
    for (const node of graph.node) {
      node.output = node.output.map((name) => (name === from ? to : name));
      node.input = node.input.map((name) => (name === from ? to : name));
    }
    for (const output of graph.output) if (output.name === from) output.name = to;
  };
}

describe('an export of one length', () => {
  test('has the vectors of shorter texts, padded and masked', async () => {
    const folder = await copyWith('fixed', 'tiny-bert-mean/onnx/model.onnx', fixLength(20));
    await using tower = await openTextTower(folder, options);
    const rows = readRecordedModel('tiny-bert-mean').texts.filter(({ ids }) => ids.length <= 20);
    expect(rows.length).toBeGreaterThan(5);
    const vectors = await tower.run(rows.map(({ ids }) => ids));
    for (const [row, { vector }] of rows.entries()) {
      expect(greatestDifference(vectors.subarray(row * 32, (row + 1) * 32), vector)).toBeLessThan(1e-4);
    }
  });

  test('cuts longer texts as a tokenizer does, the last id kept', async () => {
    const folder = await copyWith('short', 'tiny-bert-mean/onnx/model.onnx', fixLength(6));
    await using tower = await openTextTower(folder, options);
    await using free = await openTextTower(await openModelFolder(modelsPath, 'tiny-bert-mean'), options);
    const expected = await free.run([[2, 40, 41, 42, 43, 3]]);
    const cut = await tower.run([[2, 40, 41, 42, 43, 44, 45, 46, 3]]);
    expect(greatestDifference(cut, expected)).toBeLessThan(1e-5);
  });
});

test('a graph that answers in 16 bits gives the vectors rounded to them', async () => {
  const folder = await copyWith('half', 'tiny-bert-mean/onnx/model.onnx', (model) => {
    renameOutput('last_hidden_state', 'whole')(model);
    model.graph.node.push(
      createNode('Cast', {
        name: 'half',
        inputs: ['whole'],
        outputs: ['last_hidden_state'],
        attributes: { to: BigInt(dataTypes.float16) },
      }),
    );
    for (const { name, type } of model.graph.output) {
      if (name === 'whole' && type?.tensorType) type.tensorType.elemType = dataTypes.float16;
    }
    for (const output of model.graph.output) if (output.name === 'whole') output.name = 'last_hidden_state';
  });
  await using tower = await openTextTower(folder, options);
  const { texts } = readRecordedModel('tiny-bert-mean');
  const vectors = await tower.run(texts.map(({ ids }) => ids));
  for (const [row, { vector }] of texts.entries()) {
    expect(greatestDifference(vectors.subarray(row * 32, (row + 1) * 32), vector)).toBeLessThan(1e-3);
  }
});

test('a graph that pools by itself is taken at its word', async () => {
  const graph = 'tiny-siglip/onnx/text_model.onnx';
  const folder = await copyWith('pooled', graph, renameOutput('pooler_output', 'sentence_embedding'));
  await using tower = await openTextTower(folder, options);
  const [row] = readRecordedModel('tiny-siglip').texts;
  const length = Math.hypot(...(row?.vector ?? []));
  // The folder says that vectors are normalised.
  const expected = row?.vector.map((value) => value / length) ?? [];
  expect(greatestDifference(await tower.run([row?.ids ?? []]), expected)).toBeLessThan(1e-4);
});

test('a graph with an input that nothing can be fed to names it', async () => {
  const folder = await copyWith('odd', 'tiny-bert-mean/onnx/model.onnx', ({ graph }) => {
    for (const node of graph.node) node.input = node.input.map((name) => (name === 'token_type_ids' ? 'ages' : name));
    for (const input of graph.input) if (input.name === 'token_type_ids') input.name = 'ages';
  });
  await expect(openTextTower(folder, options)).rejects.toMatchObject({
    code: 'MODEL_INVALID',
    message: expect.stringMatching(/model\.onnx wants an input ages, for which there is nothing to feed/),
  });
});

test('a graph of another kind names its outputs', async () => {
  const folder = await copyWith('other', 'tiny-clip/onnx/text_model.onnx', () => {});
  await expect(openTextTower(folder, options)).rejects.toMatchObject({
    message: expect.stringMatching(
      /has no output sentence_embedding or last_hidden_state or token_embeddings but text_embeds/,
    ),
  });
});

describe('tokenizers', () => {
  test.each(['tiny-bert-mean', 'tiny-siglip', 'tiny-decoder-last'])(
    'cut a megabyte of %s as its first pages',
    async (name) => {
      const tokenizer = await loadTokenizer(await openModelFolder(modelsPath, name));
      const page = 'the quick brown fox jumps over a lazy dog. '.repeat(200);
      expect(tokenizer.tokenize(page.repeat(120))).toEqual(tokenizer.tokenize(page));
    },
  );

  test('look on where a long beginning has few ids', async () => {
    const tokenizer = await loadTokenizer(await openModelFolder(modelsPath, 'tiny-bert-mean'));
    expect(tokenizer.tokenize(`${' '.repeat(100_000)}a dog`)).toEqual(tokenizer.tokenize('a dog'));
  });

  test.each([
    ['tokenizer.json', '{"model": {"type": "Magic"}}', /tokenizer\.json describes a tokenizer that is not known/],
    ['tokenizer.json', '{"model": 1}', /tokenizer\.json: field model is wrong/],
    ['tokenizer_config.json', '{"pad_token": "[NONE]", "model_max_length": 64}', /field pad_token is '\[NONE\]'/],
  ])('refuse a %s of %s', async (file, content, message) => {
    const name = `tokenizer-${content.length}`;
    await cp(join(modelsPath, 'tiny-siglip'), join(temporary, name), { recursive: true });
    await writeFile(join(temporary, name, file), content);
    await expect(loadTokenizer(await openModelFolder(temporary, name))).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringMatching(message),
    });
  });
});
