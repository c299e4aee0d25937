import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { Consumer } from '../../api/consumer.ts';
import { kitTypes } from './kit-types.ts';
import { NewScriptHome } from './new-script-home.ts';

let home: NewScriptHome;
let path: string;
let consumer: Consumer;

beforeAll(async () => {
  home = await NewScriptHome.open();
  path = await mkdtemp(join(tmpdir(), 'embedhouse-types-'));
  consumer = new Consumer(path);
  await consumer.linkRepository();
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await rm(path, { recursive: true, force: true });
});

const kinds = [
  { language: 'typescript', nodeVersion: 'v22.18.0', extension: 'mts' },
  { language: 'typescript', nodeVersion: 'v20.20.2', extension: 'mjs' },
  { language: 'javascript', nodeVersion: 'v24.1.0', extension: 'mjs' },
] as const;

test.each(kinds)(
  'scripts of every type in $language for $nodeVersion are right for the strict compiler',
  async ({ extension, ...kind }) => {
    const files: Record<string, string> = {};
    for (const [index, type] of kitTypes.entries()) {
      // Beside the scripts, and where the scripts have to say their types.
      for (const [folder, functionsPath] of Object.entries({ near: home.functionsPath, far: '/elsewhere' })) {
        const signatures = {
          same: { arguments: [{ name: 'value', type }], returns: type },
          made: {
            arguments: [
              { name: 'text', type: 'String' },
              { name: 'other', type },
            ],
            returns: type,
          },
        };
        for (const [what, signature] of Object.entries(signatures)) {
          const planned = await home.plan({ ...kind, ...signature, name: `${what}_${folder}_${index}`, functionsPath });
          expect(planned.function.script).toBe(`${what}_${folder}_${index}.${extension}`);
          files[planned.function.script] = planned.scriptText;
        }
      }
    }
    expect(await consumer.compile(files)).toBe('');
  },
);

test('the compiler is asked about scripts in JavaScript too', async () => {
  const { scriptText } = await home.plan({ name: 'wrong', language: 'javascript' });
  const broken = scriptText.replace('text.toUpperCase()', 'text.toUpperKase()');
  expect(await consumer.compile({ 'wrong.mjs': broken })).toContain("Property 'toUpperKase' does not exist");
});
