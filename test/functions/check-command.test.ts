import { expect, test } from 'vitest';

import { checkElements } from './check-one.ts';

const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

async function warnings(elements: Record<string, string>): Promise<string[]> {
  const problems = await checkElements(elements);
  return problems.map(({ severity, message, remedy }) => `${severity}: ${message}; ${remedy}`);
}

test.for([
  'echo.sh',
  'echo.sh --text a-b/c=d:1,2 {3} %s',
  "echo.sh it's",
  'echo.sh {p:String} {q:Array(Tuple(a String, b UInt8))}',
])('finds nothing in the words of %s', async (command) => {
  expect(await warnings({ command: escape(command) })).toEqual([]);
});

test.for([
  ['echo.sh "a b"', "gets '\"a' with its quote"],
  ["echo.sh --sep=' '", "gets '--sep='' with its quote"],
  ['echo.sh | tr a b', "gets '|' for a word"],
  ['echo.sh 2>/dev/null', "gets '2>/dev/null' for a word"],
  ['echo.sh a && echo.sh', "gets '&&' for a word"],
  ['echo.sh $HOME/x', "gets '$HOME/x' as it stands"],
  ['echo.sh ~/x', "gets '~/x' as it stands"],
  ['echo.sh *.txt', "gets '*.txt' as it stands"],
  ['echo.sh a\n b', "line break behind 'a'"],
  ['echo.sh a\tb', "gets 'a b' for one word"],
  ['echo.sh a\n', "line break behind 'a'"],
  ['echo.sh  a', 'give the script an empty word'],
] as const)('warns of what a script gets from %j', async ([command, fault]) => {
  expect(await warnings({ command: escape(command) })).toEqual([expect.stringContaining(fault)]);
});

const shell = (command: string, type = 'executable'): Record<string, string> => ({
  type,
  execute_direct: '0',
  command: escape(command),
});

test.for([
  'cat',
  "awk '{print $1; fflush()}'",
  'while read -r line; do echo "$line"; done',
  'A=b /bin/cat',
  'exec cat',
  'cat /etc/hosts | sed s/a/b/',
])('finds nothing in the shell line %s', async (command) => {
  expect(await warnings(shell(command))).toEqual([]);
});

test.for([
  ['ca -u', "'ca' is in no folder of PATH, so that the shell cannot start it; install it, or correct it"],
  ['/bin/ca -u', "'/bin/ca' is no program"],
  ['echo.sh', "'echo.sh' is in no folder of PATH, so that the shell cannot start it; turn execute_direct on"],
  ['sh echo.sh', "where there is no 'echo.sh'"],
  ['cat | sh ./echo.sh', "where there is no './echo.sh'"],
] as const)('warns of the shell line %s', async ([command, fault]) => {
  expect(await warnings(shell(command))).toEqual([expect.stringContaining(fault)]);
});

// On the engine the first of each pair waited for the read timeout, and the second answered.
test.for([
  ["awk '{print}'", "mawk -W interactive '{print; fflush()}'"],
  ['sed s/a/b/', 'sed -u s/a/b/'],
  ['grep x', 'grep --line-buffered x'],
  ['cat | tr a b', 'cat'],
] as const)('warns that %s keeps its answer in a pool, and not that %s does', async ([keeps, answers]) => {
  expect(await warnings(shell(keeps, 'executable_pool'))).toEqual([expect.stringContaining('keeps its answer')]);
  const others = await warnings(shell(answers, 'executable_pool'));
  expect(others.filter((line) => !line.includes('in no folder of PATH'))).toEqual([]);
});

test('says how to start a script whose interpreter is named before it', async () => {
  expect(await warnings({ command: 'sh echo.sh' })).toEqual([
    expect.stringMatching(/^error: script 'sh' does not exist .* name echo\.sh itself/),
  ]);
});
