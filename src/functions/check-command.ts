import { checkShellLine } from './check-shell-line.ts';
import { isDirect } from './check-script.ts';
import type { ScriptLocation } from './check-script.ts';
import { findCommandParameters } from './command-parameters.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** Words that a shell would obey and that a script named directly gets as they stand. */
const shellWords = /^(?:\||\|\||&&|&|;|>|>>|<|2>&1|2>\S*|>\S+|<\S+)$/;

/** Checks the words behind a script's name, or the shell line, for what ClickHouse does otherwise than a terminal. */
export async function checkCommand(source: FunctionSource, location: ScriptLocation): Promise<FunctionProblem[]> {
  const command = source.options.get('command');
  const text = command?.text ?? '';
  if (!command || text.trim() === '') return [];
  const isPool = source.options.get('type')?.text === 'executable_pool';
  const faults = isDirect(source)
    ? [findWordFault(text)].flatMap((fault) => fault ?? [])
    : await checkShellLine(text, { ...location, isPool });
  return faults.map(({ message, remedy }) => ({
    ...problemIn(source, command, 'command', message, remedy),
    severity: 'warning',
  }));
}

function findWordFault(command: string): { message: string; remedy: string } | undefined {
  // A parameter's blanks go when ClickHouse puts its value in.
  const blank = findCommandParameters(command).length > 0 ? command.replaceAll(/\{[^{}]*\}/g, '{}') : command;
  const words = blank.split(' ').slice(1);
  const shell = 'turn execute_direct off for a shell line, or do it in the script';
  const quoted = words.find((word) => /^["']|["']$|\w=["']/.test(word));
  if (quoted !== undefined) {
    const message = `ClickHouse splits at every blank and knows no quotes, so that the script gets '${excerpt(quoted)}' with its quote for a word`;
    return { message, remedy: 'leave the quotes out and use words without blanks, or turn execute_direct off' };
  }
  const obeyed = words.find((word) => shellWords.test(word));
  if (obeyed !== undefined) {
    return { message: `no shell reads the command, so that the script gets '${obeyed}' for a word`, remedy: shell };
  }
  const expanded = words.find((word) => /^~(?:\/|$)|\$(?:\w|\{|\()|`|^[^'"\s]*[*?][^'"\s]*$/.test(word));
  if (expanded !== undefined) {
    const message = `no shell reads the command, so that the script gets '${excerpt(expanded)}' as it stands`;
    return { message, remedy: shell };
  }
  const broken = words.find((word) => /\s/.test(word.trimEnd()));
  if (broken !== undefined) {
    const message = `only single blanks part words, so that the script gets '${excerpt(broken)}' for one word`;
    return { message, remedy: 'write the command in one line, with blanks' };
  }
  const ended = words.find((word) => word !== word.trimEnd());
  if (ended !== undefined) {
    const message = `the script gets the line break behind '${ended.trimEnd()}' with it`;
    return { message, remedy: 'end the element directly behind the last word' };
  }
  if (words.includes('')) {
    return { message: 'two blanks, or one at the end, give the script an empty word', remedy: 'leave one blank' };
  }
  return undefined;
}
