import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { checkHostedCommand, type HostedDefinition } from '../../src/host/check-hosted-command.ts';

const models = { modelsPath: fileURLToPath(new URL('../../models', import.meta.url)), defaultModel: 'emoji-clip' };

const sound: HostedDefinition = {
  name: 'f',
  args: 'f --input text --format Native --chunk-header --model emoji-clip'.split(' '),
  format: 'Native',
  sendChunkHeader: true,
  argumentTypes: ['String'],
  returnType: 'Array(Float32)',
};

async function faults(
  words: string,
  definition: Partial<HostedDefinition> = {},
  defaultModel = models.defaultModel,
): Promise<string[]> {
  const found = await checkHostedCommand(
    { ...sound, ...(words !== '' && { args: words.split(' ') }), ...definition },
    { ...models, defaultModel },
  );
  return found.map(({ severity, element, message, remedy }) => `${severity} ${element}: ${message}; ${remedy}`);
}

test.for([
  ['', {}],
  ['f --input text --format TabSeparated', { format: 'TSV', sendChunkHeader: false }],
  ['f --input image --format RowBinary --chunk-header', { format: 'RowBinary' }],
  ['f --input model --format Native --chunk-header', { returnType: 'String' }],
  ['f --input text --format Native --chunk-header --model-argument', { argumentTypes: ['String', 'String'] }],
] as const)('finds nothing wrong with %j in %j', async ([words, definition]) => {
  expect(await faults(words, definition)).toEqual([]);
});

test.for([
  ['f --format Native --chunk-header', {}, /^error command: .*--input: .*; write embed FUNCTION --input/],
  ['f --input txt --format Native --chunk-header', {}, /^error command: .*--input: /],
  ['f --input text --format Native --chunk-headr', {}, /^error command: .*--chunk-headr/],
  ['--input text --format Native --chunk-header', {}, /one function’s name is needed/],
  ['f --input text --format Native --chunk-header --model a --model-argument', {}, /goes neither with --model/],
  ['f --input text --format RowBinary --chunk-header', {}, /^error command: --format RowBinary is not .* Native/],
  ['f --input text --format Native', {}, /without --chunk-header; add --chunk-header/],
  ['', { sendChunkHeader: false }, /ClickHouse does not send; turn send_chunk_header on/],
  ['g --input text --format Native --chunk-header', {}, /^warning command: .*'g'.*; write 'embed f'/],
  ['', { argumentTypes: [] }, /^error argument: the function has 0 arguments, but the host takes one/],
  [
    'f --input text --format RowBinary --chunk-header',
    { format: 'RowBinary', returnType: 'Array(Float64)' },
    /^error return_type: /,
  ],
  [
    'f --input text --format RowBinary --chunk-header',
    { format: 'RowBinary', argumentTypes: ['UInt8'] },
    /^error argument: .*UInt8/,
  ],
  [
    'f --input text --format Native --chunk-header --model nowhere',
    {},
    /^error command: model 'nowhere' is not installed/,
  ],
  [
    'f --input text --format Native --chunk-header --dtype q4',
    {},
    /^warning command: model 'emoji-clip' has no q4 files/,
  ],
  ['f --input text --format Native --chunk-header --model emoji-clip --prompt query', {}, /^error command: .*prompt/],
] as const)('finds the fault of %j in %j', async ([words, definition, fault]) => {
  expect(await faults(words, definition)).toEqual([expect.stringMatching(fault)]);
});

test('warns of a default model that is not installed, since another may be the default elsewhere', async () => {
  expect(await faults('f --input text --format Native --chunk-header', {}, 'nowhere')).toEqual([
    expect.stringMatching(/^warning command: model 'nowhere' is not installed .*; get it with /),
  ]);
});
