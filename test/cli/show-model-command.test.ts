import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, repositoryPath, type Answer, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: string;
let modelsPath: string;

beforeAll(async () => {
  sandbox = await makeSandbox();
  home = join(sandbox.path, "it's a home");
  modelsPath = join(home, 'models');
  await cp(join(repositoryPath, 'functions'), join(home, 'functions'), { recursive: true });
  await cp(join(repositoryPath, 'user_scripts'), join(home, 'user_scripts'), { recursive: true });
  for (const name of ['tiny-bert-cls', 'tiny-clip', 'tiny-dino', 'tiny-siglip']) {
    await cp(join(fixturesPath, name), join(modelsPath, name), { recursive: true });
  }
});

afterAll(async () => {
  await sandbox.remove();
});

async function show(name: string, ...flags: string[]): Promise<Answer> {
  return sandbox.run(['--home', home, 'models', 'show', name, ...flags]);
}

/** As docs/models.md says: the SHA-256 of the files' own. */
async function digestOf(folder: string, files: readonly string[]): Promise<string> {
  const whole = createHash('sha256');
  for (const file of files) {
    whole.update(
      createHash('sha256')
        .update(await readFile(join(folder, file)))
        .digest(),
    );
  }
  return whole.digest('hex');
}

const tinyBertFiles = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  '1_Pooling/config.json',
  'config_sentence_transformers.json',
  'modules.json',
  'sentence_bert_config.json',
  'onnx/model.onnx',
];

test('says all about a model as JSON', async () => {
  const path = join(modelsPath, 'tiny-bert-cls');
  const bytes = (await readFile(join(path, 'onnx/model.onnx'))).length;
  const { exitCode, stdout, stderr } = await show('tiny-bert-cls', '--json');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    name: 'tiny-bert-cls',
    path,
    kind: 'text',
    architecture: 'bert',
    dimensions: 32,
    text: {
      maxTokens: 64,
      tokenizer: 'hub',
      padding: 'none',
      pooling: 'cls',
      poolingFile: '1_Pooling/config.json',
      normalize: false,
      lowerCase: false,
      prompts: { query: 'Represent this sentence for searching relevant passages: ', passage: '' },
    },
    dtypes: ['fp32'],
    graphs: [{ dtype: 'fp32', text: 'onnx/model.onnx' }],
    graphFiles: ['onnx/model.onnx'],
    settings: tinyBertFiles.slice(0, -1),
    sizeBytes: expect.any(Number),
    source: 'random weights',
    isDefault: false,
    variants: [
      {
        dtype: 'fp32',
        files: [{ file: 'onnx/model.onnx', bytes }],
        towers: [{ tower: 'text', memoryBytes: bytes, isPrepared: false, isLoaded: false }],
        id: `tiny-bert-cls fp32 sha256:${await digestOf(path, tinyBertFiles)}`,
      },
    ],
    functions: [
      { name: 'embed', file: join(home, 'functions/embed_function.xml'), by: 'argument', input: 'text', dtype: 'fp32' },
    ],
  });
});

test('says it in words', async () => {
  const { exitCode, stdout, stderr } = await show('tiny-bert-cls');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(/^kind +text \(bert\)$/m);
  expect(stdout).toMatch(/^max tokens +64,/m);
  expect(stdout).toMatch(/^pooling +the first token's vector, as 1_Pooling\/config\.json says;/m);
  expect(stdout).toMatch(/^prompts +query: "Represent this sentence for searching relevant passages: "$/m);
  expect(stdout).toMatch(/^default prompt +none$/m);
  expect(stdout).toMatch(/^variants +fp32: 224 kB on disk; in memory texts about 224 kB$/m);
  expect(stdout).toMatch(/^from +random weights; not pulled$/m);
  expect(stdout).toMatch(/^functions +embed: text in fp32; any model, named in SQL \(/m);
  const siglip = await show('tiny-siglip');
  expect(siglip.stdout).toMatch(/^padding +each text, to 64 tokens$/m);
  expect(siglip.stdout).toMatch(/^images +stretched to 64 x 64 \(\w+\)$/m);
  const dino = await show('tiny-dino');
  expect(dino.stdout).not.toMatch(/^(tokenizer|pooling|prompts) /m);
  expect(dino.stdout).toMatch(/^images +shorter side to 71 \(bicubic\), 64 x 64 cut out of the middle$/m);
});

test('says which functions run the model: those that name it, the default one, and any', async () => {
  const path = join(sandbox.path, 'uses');
  await mkdir(path);
  const define = async (name: string, command: string, rest = ''): Promise<void> =>
    writeFile(
      join(path, `${name}_function.xml`),
      `<functions><function><type>executable_pool</type><name>${name}</name><argument><type>String</type></argument>
        <return_type>Array(Float32)</return_type><format>Native</format><command>${command}</command>${rest}</function></functions>`,
    );
  const options = '--format Native';
  await define('named', `embed named --input image --model=tiny-dino --dtype q8 ${options}`);
  await define('of_another', `embed of_another --input image --model tiny-siglip ${options}`);
  await define('of_default', `./embed of_default --input image-bytes ${options}`);
  await define('of_texts', `embed of_texts --input text ${options}`);
  await define('of_any', `embed of_any --input image --model-argument ${options}`);
  await define('wrong', `embed wrong --input image --model tiny-dino --nonsense ${options}`);
  await define('own', `embed.py own --input image --model tiny-dino ${options}`);
  await define('shell', `embed shell --input image --model tiny-dino ${options}`, '<execute_direct>0</execute_direct>');
  const uses = async (defaultModel: string): Promise<string[]> => {
    const flags = ['--functions', path, '--model', defaultModel, '--json'];
    const { functions }: { functions: { name: string; by: string; dtype: string }[] } = JSON.parse(
      (await show('tiny-dino', ...flags)).stdout,
    );
    return functions.map(({ name, by, dtype }) => `${name} ${by} ${dtype}`);
  };
  expect(await uses('tiny-dino')).toEqual(['named name q8', 'of_any argument fp32', 'of_default default fp32']);
  expect(await uses('tiny-clip')).toEqual(['named name q8', 'of_any argument fp32']);
});

test('says what the running host holds, and what is prepared', async () => {
  const env = { EMBEDHOUSE_HOME: home, EMBEDHOUSE_MODEL: 'tiny-clip' };
  const id = await sandbox.query("SELECT encode_text_model('id') FROM (SELECT encode_text('a'))", { env });
  const { stdout } = await show('tiny-clip', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    variants: [
      {
        id: id.trim(),
        towers: [
          { tower: 'text', isPrepared: true, isLoaded: true },
          { tower: 'vision', isPrepared: false, isLoaded: false },
        ],
      },
    ],
  });
  expect((await show('tiny-clip')).stdout).toMatch(
    /in memory texts about [\d.]+ kB \(loaded\), images about [\d.]+ kB$/m,
  );
});

test('computes the digest of the first variant, and of all when asked', async () => {
  const ids = async (...flags: string[]): Promise<(string | undefined)[]> => {
    const { stdout } = await sandbox.run(['models', 'show', 'emoji-clip', '--json', ...flags]);
    const { variants }: { variants: { id?: string }[] } = JSON.parse(stdout);
    return variants.map((variant) => variant.id?.replace(/sha256:[0-9a-f]{64}$/, ''));
  };
  expect(await ids()).toEqual(['emoji-clip fp32 ', undefined]);
  expect(await ids('--digests')).toEqual(['emoji-clip fp32 ', 'emoji-clip int8 ']);
});

test('says what was pulled, in list too, or that the record is damaged', async () => {
  const path = join(modelsPath, 'pulled');
  await cp(join(fixturesPath, 'tiny-clip'), path, { recursive: true });
  const record = {
    hub: 'https://hub.example',
    repository: 'owner/tiny-clip',
    revision: 'v1',
    commit: '0123456789abcdef0123456789abcdef01234567',
    licence: 'mit',
    dtypes: ['fp32'],
    pulledAt: '2026-01-02T03:04:05.000Z',
  };
  await writeFile(join(path, 'pulled.json'), JSON.stringify({ ...record, files: {} }));
  expect(JSON.parse((await show('pulled', '--json')).stdout)).toMatchObject({ pulled: record });
  const shown = await show('pulled');
  expect(shown.stdout).toMatch(/^from +owner\/tiny-clip of https:\/\/hub\.example, pulled at 2026-01-02/m);
  expect(shown.stdout).toMatch(/^commit +0123456789abcdef0123456789abcdef01234567 \(v1\)$/m);
  expect(shown.stdout).toMatch(/^licence +mit$/m);
  const list = async (): Promise<string> => (await sandbox.run(['--home', home, 'models', 'list'])).stdout;
  expect(await list()).toMatch(/^pulled .* owner\/tiny-clip@01234567$/m);

  await writeFile(join(path, 'pulled.json'), '{');
  expect(await list()).toMatch(/^pulled .* random weights$/m);
  const damaged = await show('pulled');
  expect(damaged.exitCode).toBe(0);
  expect(damaged.stdout).toMatch(/^ +what was pulled is not known: .*pulled\.json/m);
  await rm(path, { recursive: true });
});

test('says what is wrong with a broken model, and which are there instead of an unknown one', async () => {
  await mkdir(join(modelsPath, 'half-copied'));
  const broken = await show('half-copied');
  expect(broken).toMatchObject({ exitCode: 1, stdout: '' });
  expect(broken.stderr).toMatch(/^embedhouse: [^\n]*half-copied has no readable config\.json[^\n]*\n$/);
  const misspelled = await show('tiny-bert-cks');
  expect(misspelled).toMatchObject({ exitCode: 1, stdout: '' });
  expect(misspelled.stderr).toBe(
    `embedhouse: there is no model 'tiny-bert-cks' in ${modelsPath}; did you mean 'tiny-bert-cls'?\n`,
  );
  expect((await show('../models')).stderr).toMatch(
    /; installed are half-copied, tiny-bert-cls, tiny-clip, tiny-dino, tiny-siglip\n$/,
  );
  const none = await show('clip-vit-base-patch32', '--models', join(sandbox.path, 'none'));
  expect(none).toMatchObject({ exitCode: 1, stdout: '' });
  expect(none.stderr).toContain("none is installed: 'embedhouse models pull clip-vit-base-patch32' gets it\n");
});
