import { expect, test } from 'vitest';

import { readFunctionCall } from '../../src/host/function-call.ts';
import { type HostedChoices, isCommandWord, writeCommand } from '../../src/host/write-command.ts';

const plain: HostedChoices = {
  functionName: 'f',
  input: 'text',
  model: 'm',
  dtype: 'fp32',
  normalize: false,
  prompt: undefined,
  onError: 'fail',
};

test.each<HostedChoices>([
  plain,
  { ...plain, input: 'image-bytes', model: 'a--b', dtype: 'int8-row', normalize: true, onError: 'zero' },
  { ...plain, prompt: 'query', onError: 'zero' },
])('the host reads a written command as the same choices: %j', (choices) => {
  const [script, ...words] = writeCommand(choices).split(' ');
  expect(script).toBe('embed');
  const hello = { protocol: 1, folder: '/', modelsPath: '/models', model: 'the default', arguments: words };
  expect(readFunctionCall(hello)).toMatchObject({ ...choices, format: 'Native', chunkHeader: true });
});

test('knows what can stand in a command', () => {
  expect(['query', 'R&D', 'é', 'a-b', "it's"].filter((word) => !isCommandWord(word))).toEqual([]);
  expect(['', 'a b', 'a\tb', '-a', '{a:String}', 'a\u0000'].filter(isCommandWord)).toEqual([]);
});
