import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let modelsPath: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  modelsPath = join(sandbox.path, "models 'of mine'");
  await cp(join(fixturesPath, 'tiny-clip'), join(modelsPath, 'tiny-clip'), { recursive: true });
  await mkdir(join(modelsPath, 'half-copied'));
});

afterAll(async () => {
  await sandbox.remove();
});

test('lists the models with what they are, and the default', async () => {
  const options = { env: { EMBEDHOUSE_MODELS: modelsPath } };
  const listed = await sandbox.run(['models', 'list', '--model', 'tiny-clip'], options);
  expect(listed).toMatchObject({ exitCode: 0, stderr: '' });
  expect(listed.stdout).toMatch(/^name +kind +floats +tokens +image +dtypes +size +from +default$/m);
  expect(listed.stdout).toMatch(/^tiny-clip +clip +16 +77 +224 +fp32 +1\.1 MB +random weights +default$/m);
  expect(listed.stdout).toMatch(/^half-copied +unusable: .*config\.json/m);

  const json = await sandbox.run(['models', 'list', '--json'], {
    env: { ...options.env, EMBEDHOUSE_MODEL: 'tiny-clip' },
  });
  expect(json).toMatchObject({ exitCode: 0, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject([
    { name: 'half-copied', isDefault: false, problem: expect.stringContaining('config.json') },
    {
      name: 'tiny-clip',
      path: join(modelsPath, 'tiny-clip'),
      kind: 'clip',
      dimensions: 16,
      dtypes: ['fp32'],
      source: 'random weights',
      isDefault: true,
    },
  ]);
});

test('says what to do where the default model is not installed', async () => {
  const none = join(sandbox.path, 'none');
  const listed = await sandbox.run(['models', 'list', '--models', none]);
  expect(listed.exitCode).toBe(0);
  expect(listed.stderr).toBe(
    `The default model clip-vit-base-patch32 is not installed: get it with 'embedhouse models pull clip-vit-base-patch32', or name an installed one with --model NAME or EMBEDHOUSE_MODEL.\n`,
  );
  const json = await sandbox.run(['models', 'list', '--json', '--models', none]);
  expect(json.stdout).toBe('[]\n');
});

test('a model is named by flag or variable, the flag first, from a folder whose name needs care', async () => {
  const env = { EMBEDHOUSE_MODELS: modelsPath, EMBEDHOUSE_MODEL: 'not-there' };
  const { exitCode, stdout } = await sandbox.run(['--model', 'tiny-clip', 'query', "SELECT length(encode_text('a'))"], {
    env,
  });
  expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '16\n' });
  const line = await sandbox.failingQuery("SELECT encode_text('a')", {
    env: { ...env, EMBEDHOUSE_MODEL: 'half-copied' },
  });
  expect(line).toContain(join(modelsPath, 'half-copied'));
});

test('quantize makes int8-row, says how well it agrees with fp32, and show repeats it', async () => {
  await cp(join(fixturesPath, 'tiny-clip'), join(modelsPath, 'to-quantize'), { recursive: true });
  const env = { EMBEDHOUSE_MODELS: modelsPath, EMBEDHOUSE_MODEL: 'to-quantize' };
  const made = await sandbox.run(['models', 'quantize', 'to-quantize', '--texts', '40', '--images', '20'], { env });
  expect(made).toMatchObject({
    exitCode: 0,
    stderr: 'This model has random weights, or tells its inputs hardly apart: the recall says nothing.\n',
  });
  expect(made.stdout).toMatch(/^int8-row beside fp32 +compared +mean cosine +1st percentile +recall@10 *$/m);
  expect(made.stdout).toMatch(/^texts +40 +0\.9\d{4} +0\.\d{5} +[01]\.\d{3} *$/m);
  expect(made.stdout).toMatch(/^images +20 +0\.9\d{4} +0\.\d{5} +[01]\.\d{3} *$/m);
  const listed = await sandbox.run(['models', 'list'], { env });
  expect(listed.stdout).toMatch(/^to-quantize .* fp32 int8-row .* default$/m);
  const shown = await sandbox.run(['models', 'show', 'to-quantize'], { env });
  expect(shown.stdout).toMatch(/^int8-row and fp32 +40 texts: mean cosine 0\.9\d{4}, recall@10 says nothing$/m);
  expect(shown.stdout).toMatch(/^ +int8-row: [\d.]+ kB on disk; in memory texts about [\d.]+ kB, images about /m);
  const json = await sandbox.run(['models', 'list', '--json'], { env });
  const models: { name: string; int8Row?: object }[] = JSON.parse(json.stdout);
  expect(models.find(({ name }) => name === 'to-quantize')?.int8Row).toMatchObject({ texts: { count: 40 } });
});

test('quantize refuses a model that is not installed, and a count that is none', async () => {
  const env = { EMBEDHOUSE_MODELS: modelsPath };
  const missing = await sandbox.run(['models', 'quantize', 'not-there'], { env });
  expect(missing).toMatchObject({ exitCode: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^embedhouse: model 'not-there' is not installed [^\n]*\n$/);
  expect((await sandbox.run(['models', 'quantize', 'tiny-clip', '--texts', 'few'], { env })).exitCode).toBe(2);
});

test('quantize refuses a model for texts alone with one line', async () => {
  const refused = await sandbox.run(['models', 'quantize', 'tiny-bert-mean'], {
    env: { EMBEDHOUSE_MODELS: fixturesPath },
  });
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^embedhouse: model 'tiny-bert-mean' embeds texts only, and int8-row [^\n]*\n$/);
});

test('Ctrl-C ends quantize with one line and 130, and the model is as it was', async () => {
  const path = join(modelsPath, 'to-stop');
  await cp(join(fixturesPath, 'tiny-clip'), path, { recursive: true });
  const before = await readdir(join(path, 'onnx'));
  const running = sandbox.start(['models', 'quantize', 'to-stop', '--texts', '1000000', '--models', modelsPath]);
  while ((await readdir(join(path, 'onnx'))).length === before.length) {
    await sleep(20);
  }
  process.kill(-running.pid, 'SIGINT');
  expect(await running.ended).toEqual({
    exitCode: 130,
    stderr: "embedhouse: the work on model 'to-stop' was stopped; its folder is as it was\n",
  });
  expect(await readdir(join(path, 'onnx'))).toEqual(before);
});

test('the table fits 120 columns, whatever the models are called', async () => {
  const path = join(sandbox.path, 'long');
  const name = 'a-model-with-quite-a-long-name';
  await cp(join(fixturesPath, 'tiny-clip'), join(path, name), { recursive: true });
  const source = `an-owner-of-models/${'long-'.repeat(20)}name`;
  const config = join(path, name, 'config.json');
  const content: object = JSON.parse(await readFile(config, 'utf8'));
  await writeFile(config, JSON.stringify({ ...content, _name_or_path: source }));
  const { stdout } = await sandbox.run(['models', 'list', '--models', path, '--model', name]);
  expect(stdout).toMatch(/an-owner-of-model\S*…\S*long-name +default$/m);
  expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBe(120);
});
