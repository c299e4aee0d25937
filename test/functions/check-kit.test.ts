import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { checkKit } from '../../src/functions/check-kit.ts';

const packagePath = fileURLToPath(new URL('../../', import.meta.url));
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-kit-check '));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

const check = async (script: string, text: string): Promise<string[]> =>
  (await checkKit(script, join(folder, script), text)).map(({ message }) => message);

test('misses the kit for JavaScript until Node finds it', async () => {
  const text = "#!/usr/bin/env node\nimport {\n  serve,\n} from 'embedhouse/udf';\n\nserve((a) => a);\n";
  expect(await check('f.mjs', text)).toEqual([
    "script 'f.mjs' imports 'embedhouse/udf', which Node does not find from there",
  ]);
  await mkdir(join(folder, 'node_modules'));
  await symlink(packagePath, join(folder, 'node_modules/embedhouse'));
  expect(await check('f.mjs', text)).toEqual([]);
});

test('misses the kit for Python until it is beside the script', async () => {
  const text = '#!/usr/bin/env python3\nfrom embedhouse_udf import serve\n';
  expect(await check('f.py', text)).toEqual(["script 'f.py' imports embedhouse_udf, which is not beside it"]);
  await writeFile(join(folder, 'embedhouse_udf.py'), '');
  expect(await check('f.py', text)).toEqual([]);
});

test.each([
  ["#!/usr/bin/env node\n// import { serve } from 'embedhouse/udf';\n"],
  ['#!/usr/bin/env python3\n# from embedhouse_udf import serve\n'],
  ["#!/usr/bin/env node\nimport { a } from './a.mjs';\n// } from 'embedhouse/udf'\n"],
])('says nothing of a script that does not import it', async (text) => {
  expect(await check('f', text)).toEqual([]);
});
