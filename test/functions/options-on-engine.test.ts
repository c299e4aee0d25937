import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Session } from 'chdb';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';
import type { CheckedFunctions } from '../../src/functions/check-functions.ts';
import { optionRows } from './option-catalogue.ts';
import type { OptionRow, OptionStep } from './option-row.ts';
import { optionScripts } from './option-scripts.ts';

const hasPython = await execa('python3', ['--version']).then(
  () => true,
  () => false,
);

const rows = optionRows.map((row, index) => ({ ...row, name: `f${index}` }));

let home: string;
let session: Session;
let checked: CheckedFunctions;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'embedhouse-options-'));
  const [functionsPath, userScriptsPath] = [join(home, 'functions'), join(home, 'user_scripts')];
  await mkdir(functionsPath);
  await mkdir(userScriptsPath);
  for (const [name, text] of Object.entries(optionScripts)) {
    await writeFile(join(userScriptsPath, name), text);
    await chmod(join(userScriptsPath, name), 0o755);
  }
  for (const row of rows) await writeFile(join(functionsPath, `${row.name}_function.xml`), definitionOf(row));
  const config = join(home, 'config.xml');
  await writeFile(
    config,
    `<clickhouse>
      <user_scripts_path>${userScriptsPath}/</user_scripts_path>
      <user_defined_executable_functions_config>${functionsPath}/*_function.*ml</user_defined_executable_functions_config>
    </clickhouse>`,
  );
  session = new Session(join(home, 'data'), { connectionArgs: [`--config-file=${config}`] });
  checked = await checkFunctions({ functionsPath, userScriptsPath, searchPath: process.env['PATH'] ?? '' });
});

afterAll(async () => {
  session.cleanup();
  await rm(home, { recursive: true });
});

for (const row of rows) {
  // Without python3 there is nothing that could tell the size of a pipe.
  test.skipIf(row.needs === 'python3' && !hasPython)(`${row.option} of ${row.type} ${row.behaviour}`, async () => {
    expect.hasAssertions();
    for (const step of row.steps) await take(step, row.name);
  });
}

test('the check says what there is to say about each of these functions, and nothing else', () => {
  for (const { name, option, type, behaviour, says } of rows) {
    const messages = checked.problems.filter(({ functionName }) => functionName === name).map(({ message }) => message);
    const expected = says === undefined ? [] : [expect.stringMatching(says) as string];
    expect.soft(messages, `${option} of ${type} ${behaviour}`).toEqual(expected);
  }
});

async function take(step: OptionStep, name: string): Promise<void> {
  if ('marker' in step) {
    await vi.waitFor(async () => expect(await readFile(markerOf(name), 'utf8')).toBe(`${step.marker}\n`), 5000);
    return;
  }
  const [sql, capitals] = [step.sql, name.toUpperCase()].map((text) => text.replaceAll('$f', name));
  const query = (): string => session.query((sql ?? '').replaceAll('$F', capitals ?? ''), 'TabSeparated').trim();
  if ('fails' in step) expect(query).toThrow(step.fails);
  else expect(query()).toBe(step.gives.replaceAll('$F', capitals ?? ''));
}

function markerOf(name: string): string {
  return join(home, `${name}.marker`);
}

function definitionOf({ name, type, elements }: OptionRow & { name: string }): string {
  const all: Record<string, string | undefined> = {
    type,
    name,
    command: 'echo.sh',
    argument: '<type>String</type>',
    return_type: 'String',
    format: 'TabSeparated',
    ...elements,
  };
  const lines = Object.entries(all).flatMap(([tag, value]) => (value === undefined ? [] : `<${tag}>${value}</${tag}>`));
  return `<functions><function>${lines.join('\n')}</function></functions>`.replaceAll('$marker', markerOf(name));
}
