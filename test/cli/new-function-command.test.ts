import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, makeSandbox, repositoryPath, type Answer, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;
let home: string;

beforeAll(async () => {
  sandbox = await makeSandbox({ EMBEDHOUSE_MODELS: fixturesPath });
  home = join(sandbox.path, "it's a home");
  await mkdir(join(home, 'user_scripts'), { recursive: true });
  await symlink(join(repositoryPath, 'dist/bridge/embed.js'), join(home, 'user_scripts/embed'));
});

afterAll(async () => {
  await sandbox.remove();
});

async function create(name: string, ...flags: string[]): Promise<Answer> {
  return sandbox.run(['--home', home, 'functions', 'new', name, ...flags]);
}

async function query(sql: string): Promise<string> {
  return sandbox.query(sql, { env: { EMBEDHOUSE_HOME: home } });
}

const sizeOf = (call: string): string => `round(sqrt(arraySum(x -> x * x, ${call})), 4)`;

test('writes the function of a model for texts, and says how to try it', async () => {
  const { exitCode, stdout, stderr } = await create('encode_mean', '--model', 'tiny-bert-mean');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(
    /^Wrote .*encode_mean_function\.xml: encode_mean\(text String\) Array\(Float32\), 32 floats of tiny-bert-mean in fp32\n/,
  );
  expect(stdout).toContain(
    `embedhouse query --home '${sandbox.path}/it'\\''s a home' "SELECT length(encode_mean('a dog'))"\n`,
  );
  expect(stdout).toContain("vector_similarity('hnsw', 'cosineDistance', 32)\n");
  expect(await query("SELECT length(encode_mean('a dog'))")).toBe('32\n');
  expect(await readFile(join(home, 'functions/encode_mean_function.xml'), 'utf8')).toBe(`<functions>
    <!-- encode_mean(text): the embedding of a text by the model tiny-bert-mean in fp32, 32 floats of length 1. -->
    <function>
        <!-- A pool: its processes only copy bytes to the model host, so that many of them cost little. -->
        <type>executable_pool</type>
        <name>encode_mean</name>
        <argument>
            <type>String</type>
            <name>text</name>
        </argument>
        <return_type>Array(Float32)</return_type>
        <format>Native</format>
        <!-- The model is named, so that vectors of different models never mix. -->
        <command>embed encode_mean --input text --format Native --chunk-header --model tiny-bert-mean</command>
        <execute_direct>1</execute_direct>
        <send_chunk_header>1</send_chunk_header>
        <!-- The same value always has the same vector: the query cache may keep results. -->
        <deterministic>1</deterministic>
        <pool_size>64</pool_size>
        <!-- Milliseconds without a byte: loading a large model is silence, and so is waiting behind the bulk work of
             others. -->
        <command_read_timeout>600000</command_read_timeout>
        <command_write_timeout>600000</command_write_timeout>
        <!-- Seconds to wait for a free process of the pool. -->
        <max_command_execution_time>600</max_command_execution_time>
        <!-- The host's reason for a failure goes into the exception. -->
        <stderr_reaction>log_last</stderr_reaction>
        <check_exit_code>1</check_exit_code>
    </function>
</functions>
`);
});

test('says what it wrote as JSON, with every choice', async () => {
  const flags = ['--model', 'tiny-bert-cls', '--prompt', 'query', '--normalize', '--on-error', 'zero', '--json'];
  const { exitCode, stdout, stderr } = await create('encode_cls', ...flags);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    name: 'encode_cls',
    file: join(home, 'functions/encode_cls_function.xml'),
    model: 'tiny-bert-cls',
    input: 'text',
    dtype: 'fp32',
    normalize: true,
    prompt: 'query',
    onError: 'zero',
    dimensions: 32,
    command:
      'embed encode_cls --input text --format Native --chunk-header --model tiny-bert-cls --normalize --prompt query --on-error zero',
    example: "SELECT length(encode_cls('a dog'))",
  });
  await create('encode_cls_plain', '--model', 'tiny-bert-cls', '--prompt', 'none');
  const prompt = 'Represent this sentence for searching relevant passages: ';
  const sql = `SELECT ${sizeOf("encode_cls('a')")}, round(cosineDistance(encode_cls('a'), encode_cls_plain('${prompt}a')), 4)`;
  expect(await query(sql)).toBe('1\t0\n');
});

test('takes images where the model embeds no texts, and where it is told to', async () => {
  const image = join(fixturesPath, 'images/grey.jpg');
  await create('encode_dino', '--model', 'tiny-dino');
  await create('encode_siglip', '--model', 'tiny-siglip', '--input', 'image', '--normalize');
  const bytes = await create('encode_siglip_bytes', '--model', 'tiny-siglip', '--input', 'image-bytes');
  expect(bytes.stdout).toContain(`"SELECT length(encode_siglip_bytes(raw_blob)) FROM file('photo.jpg', RawBLOB)"`);
  const sql = `SELECT length(encode_dino('${image}')), ${sizeOf(`encode_siglip('${image}')`)},
    round(cosineDistance(encode_siglip('${image}'), encode_siglip_bytes(raw_blob)), 4) FROM file('${image}', RawBLOB)`;
  expect(await query(sql)).toBe('32\t1\t0\n');
  const deterministic = async (name: string): Promise<string | undefined> =>
    /<deterministic>(.)</.exec(await readFile(join(home, `functions/${name}_function.xml`), 'utf8'))?.[1];
  expect(await Promise.all(['encode_dino', 'encode_siglip', 'encode_siglip_bytes'].map(deterministic))).toEqual([
    '0',
    '0',
    '1',
  ]);
});

test('names the model that is the default now, and passes the check', async () => {
  const env = { EMBEDHOUSE_MODEL: 'tiny-decoder-last' };
  const { stdout } = await sandbox.run(['--home', home, 'functions', 'new', 'encode_default', '--json'], { env });
  expect(JSON.parse(stdout)).toMatchObject({ model: 'tiny-decoder-last' });
  expect(await query("SELECT length(encode_default('x'))")).toBe('32\n');
  const checked = await sandbox.run(['--home', home, 'functions', 'check']);
  expect(checked).toMatchObject({ exitCode: 0, stderr: '' });
  expect(checked.stdout).toMatch(/^\d+ functions read, 0 errors, 0 warnings, 0 notes\n$/);
});

test.each([
  [['a-b', '--model', 'tiny-clip'], 2, "'a-b' cannot be the name of a function"],
  [['1st', '--model', 'tiny-clip'], 2, "'1st' cannot be the name of a function"],
  [['cosineDistance', '--model', 'tiny-clip'], 2, "ClickHouse has a function 'cosineDistance' of its own"],
  [['Lower', '--model', 'tiny-clip'], 2, "ClickHouse has a function 'lower' of its own, which may be written in any"],
  [['first', '--model', 'not-there'], 1, "model 'not-there' is not installed"],
  [['first', '--model', 'not-there'], 1, 'embedhouse models pull'],
  [
    ['first', '--model', 'tiny-dino', '--input', 'text'],
    2,
    "model 'tiny-dino' embeds images only, no texts; choose --input image",
  ],
  [
    ['first', '--model', 'tiny-bert-cls', '--input', 'image-bytes'],
    2,
    'embeds texts only, no images; choose --input text',
  ],
  [
    ['first', '--model', 'tiny-clip', '--dtype', 'q8'],
    2,
    "model 'tiny-clip' has no q8 files, only fp32; choose one of these with --dtype, or pull",
  ],
  [['first', '--model', 'tiny-clip', '--dtype', 'int8-row'], 2, "'embedhouse models quantize tiny-clip'"],
  [['first', '--model', 'tiny-clip', '--dtype', 'fp64'], 2, 'Allowed choices are fp32, '],
  [['first', '--model', 'tiny-clip', '--input', 'sound'], 2, 'Allowed choices are text, image, image-bytes'],
  [
    ['first', '--model', 'tiny-bert-cls', '--prompt', 'constructor'],
    2,
    "no prompt 'constructor', only query, passage, none: give one of these to --prompt",
  ],
  [
    ['first', '--model', 'tiny-dino', '--prompt', 'query'],
    2,
    '--prompt query goes before texts, and not with --input image',
  ],
])('refuses %j with one sentence, and writes nothing', async (args, exitCode, message) => {
  const [name = '', ...flags] = args;
  const functions = async (): Promise<string[]> => readdir(join(home, 'functions')).catch((): string[] => []);
  const before = await functions();
  const refused = await create(name, ...flags);
  expect(refused).toMatchObject({ exitCode, stdout: '' });
  expect(refused.stderr).toContain(message);
  expect(await functions()).toEqual(before);
});

test('writes what XML and ClickHouse need written with care, or refuses it', async () => {
  const models = join(sandbox.path, 'models');
  await cp(join(fixturesPath, 'tiny-bert-cls'), join(models, 'a--b-'), { recursive: true });
  const prompts = { 'R&D<3': 'x: ', 'two words': 'y: ', '{a:String}': 'z: ', '-dash': 'w: ' };
  await writeFile(join(models, 'a--b-/config_sentence_transformers.json'), JSON.stringify({ prompts }));
  const flags = ['--models', models, '--model', 'a--b-'];
  for (const prompt of ['two words', '{a:String}', '-dash']) {
    const refused = await create('encode_prompt', ...flags, `--prompt=${prompt}`);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain(`the name of the prompt '${prompt}' cannot stand in a function's <command>`);
  }
  const written = await create('encode_prompt', ...flags, '--prompt', 'R&D<3');
  expect(written).toMatchObject({ exitCode: 0, stderr: '' });
  const env = { EMBEDHOUSE_HOME: home, EMBEDHOUSE_MODELS: models };
  expect(await sandbox.query("SELECT length(encode_prompt('x'))", { env })).toBe('32\n');
});

test('refuses a name that is defined and a file that exists, and names them', async () => {
  await mkdir(join(home, 'functions'), { recursive: true });
  await writeFile(join(home, 'functions/mine_function.xml'), '<functions><comment>kept</comment></functions>');
  const exists = await create('mine', '--model', 'tiny-clip');
  expect(exists).toMatchObject({ exitCode: 1, stdout: '' });
  expect(exists.stderr).toMatch(/^embedhouse: .*mine_function\.xml exists already; [^\n]*\n$/);
  expect(await readFile(join(home, 'functions/mine_function.xml'), 'utf8')).toContain('kept');
  await rm(join(home, 'functions/mine_function.xml'));

  expect(await create('taken', '--model', 'tiny-clip')).toMatchObject({ exitCode: 0 });
  await cp(join(home, 'functions/taken_function.xml'), join(home, 'functions/other_function.xml'));
  await rm(join(home, 'functions/taken_function.xml'));
  const taken = await create('taken', '--model', 'tiny-clip');
  expect(taken).toMatchObject({ exitCode: 2, stdout: '' });
  expect(taken.stderr).toMatch(/function 'taken' is already defined in .*other_function\.xml:3; /);
  await rm(join(home, 'functions/other_function.xml'));
});

test('says how to get the bridge where it is missing', async () => {
  const scripts = join(sandbox.path, "no 'bridge'");
  const refused = await create('first', '--model', 'tiny-clip', '--user-scripts', scripts);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^embedhouse: script 'embed' does not exist in .*; link it there with: mkdir -p '.*'/);
  const command = /with: (.*)\n$/.exec(refused.stderr)?.[1] ?? '';
  await execa({ shell: '/bin/sh' })(command);
  expect(await create('first', '--model', 'tiny-clip', '--user-scripts', scripts)).toMatchObject({ exitCode: 0 });
});

test('says why a file cannot be written', async () => {
  const functions = join(sandbox.path, 'a-file');
  await writeFile(functions, '');
  const refused = await create('encode_second', '--model', 'tiny-clip', '--functions', functions);
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^embedhouse: .*encode_second_function\.xml cannot be written [^\n]*\n$/);
});
