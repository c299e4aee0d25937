import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect, test } from 'vitest';

import { fixturesPath, TestRuntime, type Finished } from './hosted-function.ts';

const runtime = new TestRuntime();

afterAll(async () => {
  await runtime[Symbol.asyncDispose]();
});

describe('encode_text_model', () => {
  const command = 'encode_text_model --input model --format TabSeparated --chunk-header';
  const ask = async (...fields: string[]): Promise<Finished> =>
    runtime.call(command, Buffer.from(`${fields.length}\n${fields.map((field) => `${field}\n`).join('')}`));

  test('answers each row with what it asks for', async () => {
    const { code, stdout } = await ask('model', 'dtype', 'dimensions', '', 'digest', 'id');
    expect(code).toBe(0);
    const [model, dtype, dimensions, empty, digest, id] = stdout.toString().split('\n');
    expect([model, dtype, dimensions, empty]).toEqual(['tiny-clip', 'fp32', '16', '']);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(id).toBe(`tiny-clip fp32 sha256:${digest}`);
  });

  test('gives another digest when the model’s weights or settings are others', async () => {
    const models = join(runtime.folder, 'digested');
    cpSync(join(fixturesPath, 'tiny-clip'), join(models, 'digested'), { recursive: true });
    const env = { EMBEDHOUSE_MODELS: models, EMBEDHOUSE_MODEL: 'digested' };
    const digest = async (): Promise<string> => {
      const { stdout } = await runtime.call(command, Buffer.from('1\ndigest\n'), { env });
      return stdout.toString();
    };
    const digests = [await digest()];
    const tower = join(models, 'digested/onnx/vision_model.onnx');
    const bytes = readFileSync(tower);
    bytes.copy(bytes, bytes.length - 2_000, bytes.length - 1_000, bytes.length - 200);
    writeFileSync(tower, bytes);
    digests.push(await digest());
    const config = join(models, 'digested/preprocessor_config.json');
    writeFileSync(config, `${readFileSync(config, 'utf8')} `);
    digests.push(await digest());
    expect(new Set(digests).size).toBe(3);
    expect(digests[0]).toBe((await ask('digest')).stdout.toString());
  });

  test('refuses another field, and another format', async () => {
    const { code, stderr } = await ask('colour');
    expect(code).toBe(1);
    expect(stderr).toContain("'colour' is nothing that can be asked about a model: id, model,");
    const otherFormat = runtime.call('encode_text_model --input model --format RowBinary', Buffer.from('x'));
    expect((await otherFormat).stderr).toContain('--format TabSeparated only');
  });
});
