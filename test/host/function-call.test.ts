import { describe, expect, test } from 'vitest';

import { protocolVersion } from '../../src/bridge/embed.ts';
import { EmbedhouseError } from '../../src/errors/embedhouse-error.ts';
import { readFunctionCall } from '../../src/host/function-call.ts';

const hello = { protocol: protocolVersion, folder: '/query', modelsPath: '/models' };

const readCommand = (command: string, rest: { model?: string; imageFolders?: string } = {}) =>
  readFunctionCall({ ...hello, ...rest, arguments: command.split(' ').filter(Boolean) });

function messageOf(command: string): string {
  try {
    readCommand(command);
  } catch (error) {
    if (error instanceof EmbedhouseError && error.code === 'USAGE') {
      return error.message;
    }
    throw error;
  }
  throw new Error('the command was accepted');
}

describe('a function’s command', () => {
  test('needs a name, an input and a format, and has defaults for the rest', () => {
    expect(readCommand('encode_text --input text --format RowBinary')).toEqual({
      functionName: 'encode_text',
      input: 'text',
      format: 'RowBinary',
      chunkHeader: false,
      modelsPath: '/models',
      model: 'clip-vit-base-patch32',
      modelArgument: false,
      dtype: 'fp32',
      normalize: false,
      prompt: undefined,
      onError: 'fail',
      folder: '/query',
      imageFolders: [],
    });
  });

  test('can say everything, in any order and with =', () => {
    const command =
      '--on-error=zero --dtype=int8 --image-folders=photos:/data/img f --model=m --chunk-header --format=Native --input=image-bytes';
    expect(readCommand(command)).toMatchObject({
      functionName: 'f',
      input: 'image-bytes',
      format: 'Native',
      chunkHeader: true,
      model: 'm',
      dtype: 'int8',
      onError: 'zero',
      imageFolders: ['/query/photos', '/data/img'],
    });
  });

  test('goes before the environment in naming the model and the folders of images', () => {
    const environment = { model: 'theirs', imageFolders: '/theirs' };
    const command = 'f --input image --format Native';
    expect(readCommand(command, environment)).toMatchObject({ model: 'theirs', imageFolders: ['/theirs'] });
    expect(readCommand(`${command} --model ours --image-folders /ours`, environment)).toMatchObject({
      model: 'ours',
      imageFolders: ['/ours'],
    });
  });

  test.each([
    ['', 'one function’s name is needed'],
    ['--input text --format Native', 'one function’s name is needed'],
    ['f g --input text --format Native', 'one function’s name is needed'],
    ['f --format Native', '--input'],
    ['f --input sound --format Native', '--input'],
    ['f --input text --format CSV', '--format'],
    ['f --input text --format Native --dtype fp8', '--dtype'],
    ['f --input text --format Native --on-error skip', '--on-error'],
    ['f --input text --format Native --colour red', '--colour'],
    ['f --input text --format Native --model', '--model'],
  ])("'%s' is refused, naming what is wrong and what was expected", (command, named) => {
    const message = messageOf(command);
    const [before = '', after] = message.split('; expected in the definition’s <command>: embed FUNCTION');
    expect(before).toContain(`'embed ${command}'`);
    expect(before.slice(`'embed ${command}'`.length)).toContain(named);
    expect(after).toContain('--input text|image|image-bytes');
    expect(message).not.toMatch(/\n|TypeError|ERR_/);
  });
});
