import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import { SyntaxChecks } from '../../src/functions/check-syntax.ts';

const searchPath = process.env['PATH'] ?? '';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "embedhouse-it's a {folder} "));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function messagesOf(name: string, text: string): Promise<string[]> {
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o755 });
  return (await new SyntaxChecks(searchPath).find(name, path)).map(({ message }) => message);
}

test.each([
  ['a.py', '#!/usr/bin/env python3\nimport nothing_of_this_name\nprint(1))\n', 'in line 3: SyntaxError: '],
  ['b.py', '#!/usr/bin/env -S python3 -u\nif True:\nprint(1)\n', 'in line 3: IndentationError: '],
  ['c.mjs', `#!/usr/bin/env node\nimport x from 'nothing';\nconst a = ;\n`, 'in line 3: SyntaxError: '],
  ['d.cjs', '#!/usr/bin/env node\nawait 1;\n', 'in line 2: SyntaxError: '],
  ['e.sh', '#!/bin/sh\necho 1\nif true; then )\n', 'in line 3: '],
  ['f.sh', '#!/usr/bin/env bash\nwhile )\n', 'in line 2: '],
  ['p.sh', '#!/bin/sh\nif )\nexec cat\n', 'in line 2: '],
])('%s: its interpreter says where the fault is', async (name, text, said) => {
  expect(await messagesOf(name, text)).toEqual([
    expect.stringContaining(`script '${name}' cannot be read by its interpreter ${said}`),
  ]);
});

test.each([
  ['g.py', '#!/usr/bin/env python3\nimport nothing_of_this_name\nraise ValueError\n'],
  ['h.mjs', "#!/usr/bin/env node\nimport 'nothing-of-this-name';\nawait 1;\nthrow new Error();\n"],
  ['i.js', '#!/usr/bin/env node\nthis is judged by running it only\n'],
  ['j', '#!/usr/bin/env node\nthis as well\n'],
  ['k.sh', '#!/bin/sh\nexit 3\n'],
  ['then-python.sh', `#!/bin/sh\n'''exec' python3 "$0" "$@"\n' '''\nprint(len((1, 2)))\n`],
  ['then-data.sh', '#!/bin/sh\ntail -n +4 "$0"\nexit\n)(\u0000\n'],
  ['l.pl', '#!/usr/bin/env perl\nthis is not read, as perl would run parts of it\n'],
  ['m.py', '#!/usr/bin/env no-such-python3\n)\n'],
  ['n.bin', '\u007fELF'],
  ['o.sh', ''],
  ['q.py', "#!/bin/sh\n'''exec' python3 \"$0\" \"$@\"\n' '''\ndef f(a, b):\n    pass\n"],
  ['r.sh', '#!/bin/sh\ncat\nexit\nwhat ) is here is data\n'],
  ['s.sh', '#!/usr/bin/env bash\nshopt -s extglob\ncase 12 in +([0-9])) echo number ;; esac\n'],
])('%s: nothing is said', async (name, text) => {
  expect(await messagesOf(name, text)).toEqual([]);
});

test('a zip archive of Python code is none of its text', async () => {
  await mkdir(join(folder, 'app'));
  await writeFile(join(folder, 'app/__main__.py'), 'print(input())\n');
  const path = join(folder, 'app.py');
  await execa('python3', ['-m', 'zipapp', join(folder, 'app'), '-p', '/usr/bin/env python3', '-o', path]);
  expect((await execa(path, { input: 'a row' })).stdout).toBe('a row');
  expect(await new SyntaxChecks(searchPath).find('app.py', path)).toEqual([]);
});

test('does not run the script', async () => {
  const trace = join(folder, 'trace');
  await messagesOf('runs.py', `#!/usr/bin/env python3\nopen(${JSON.stringify(trace)}, "w")\n`);
  await messagesOf('runs.sh', `#!/bin/sh\n: > "${trace}"\n`);
  await messagesOf('runs.mjs', `#!/usr/bin/env node\nfs.writeFileSync(${JSON.stringify(trace)}, '');\n`);
  await expect(rm(trace)).rejects.toThrow('ENOENT');
});

test('is an error of each function that names the script', async () => {
  await writeFile(join(folder, 'bad.py'), '#!/usr/bin/env python3\n)\n', { mode: 0o755 });
  const define = (name: string): string =>
    `<function><type>executable</type><name>${name}</name><argument><type>String</type></argument><return_type>String</return_type><format>TabSeparated</format><command>bad.py</command></function>`;
  await writeFile(join(folder, 'f_function.xml'), `<functions>${define('f')}${define('g')}</functions>`);
  const options = { functionsPath: folder, userScriptsPath: folder, searchPath };
  expect((await checkFunctions(options)).problems).toEqual([]);
  const { problems } = await checkFunctions({ ...options, checkSyntax: true });
  expect(problems.map(({ functionName, severity }) => [functionName, severity])).toEqual([
    ['f', 'error'],
    ['g', 'error'],
  ]);
});
