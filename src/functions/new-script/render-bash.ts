import { choosePlaceholder } from './placeholder.ts';
import { safeNames } from './safe-names.ts';
import { type ScriptFunction, type ScriptType, signatureOf } from './script-function.ts';
import { wrapComment } from './wrap-comment.ts';

/** Bash's own variables in lower case, and what the scripts use. */
const reserved = new Set(['_', 'auto_resume', 'histchars', 'line', 'plain', 'blanks']);

/** Writes the script of a function in bash, which reads and writes TabSeparated. */
export function renderBash(script: ScriptFunction): string {
  const { arguments: given, definition } = script;
  // Most of the shell's own variables are in capitals, and some cannot be set.
  const names = safeNames(
    given.map(({ name }) => (/[a-z]/.test(name) ? name : name.toLowerCase())),
    reserved,
  );
  const [first = 'line'] = names;
  const lines = [
    '#!/usr/bin/env bash',
    ...wrapComment(
      '# ',
      `${signatureOf(script)}: ClickHouse starts this script as ${definition} says, writes a line for each row to stdin, and waits for a line from stdout. Whatever else there is to say goes to stderr: echo ... >&2`,
    ),
    ...wrapComment(
      '# ',
      String.raw`A tab in a value arrives as \t, a line end as \n, a backslash as \\, and NULL is \N; answers need the same. To undo it: printf -v plain %b "$${first}"`,
    ),
    ...wrapComment(
      '# ',
      "Bash's own means take microseconds a row. Each program that is started for a row takes about a millisecond.",
    ),
    `while IFS= read -r ${names.length === 1 ? first : 'line'}; do`,
    ...(names.length === 1 ? [] : renderSplit(names)),
    '  # Your work goes here.',
    ...renderBody(script, names).map((line) => `  ${line}`),
    'done',
  ];
  return `${lines.join('\n')}\n`;
}

function renderSplit(names: readonly string[]): string[] {
  const [last, ...before] = names.toReversed();
  return [...before.toReversed().map((name) => `  ${name}=\${line%%$'\\t'*} line=\${line#*$'\\t'}`), `  ${last}=$line`];
}

function renderBody(script: ScriptFunction, names: readonly string[]): string[] {
  const { arguments: given, returns } = script;
  const placeholder = choosePlaceholder(script);
  if (placeholder.kind === 'zero') return [`printf '%s\\n' ${quote(zeroText(returns))}`];
  const value = names[given.indexOf(placeholder.argument)] ?? '';
  switch (placeholder.kind) {
    case 'text':
      return [`printf '%s\\n' "Hello, ${names.map((name) => `$${name}`).join(', ')}"`];
    case 'asText':
    case 'same':
      return [`printf '%s\\n' "$${value}"`];
    case 'sizes':
      return [
        `printf -v plain %b "$${value}"`,
        `blanks=\${plain//[! ]/}`,
        `printf '%s\\n' "[\${#plain},$((\${#blanks} + 1))]"`,
      ];
    default:
      return [`printf -v plain %b "$${value}"`, `printf '%s\\n' "\${#plain}"`];
  }
}

/** ClickHouse fills a FixedString up, and its zero bytes may be many. */
function zeroText({ name, defaultText }: ScriptType): string {
  return name.startsWith('FixedString(') ? '' : defaultText;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
