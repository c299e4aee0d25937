import { showElement } from './function-file-name.ts';
import type { Position } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import type { FormatTraits } from './format-traits.ts';
import { formatTraits } from './format-traits.ts';
import { problemIn } from './problem-in.ts';
import type { TypeNode } from './type-expression.ts';
import { parseTypeExpression } from './type-expression.ts';

/** Checks a format against the function's type, its types and the names of its columns. */
export function checkFormat(source: FunctionSource): FunctionProblem[] {
  const format = source.options.get('format');
  const name = format?.text;
  if (!format || !name) return [];
  const traits = formatTraits(name);
  if (traits.unusable !== undefined) {
    const message = `no function can use ${name}: ${traits.unusable}`;
    return [problemIn(source, format, 'format', message, suggestion)];
  }
  const problems = [...checkTypesOfFormat(source, name, traits), ...checkNames(source, name, traits)];
  const isPool = source.options.get('type')?.text === 'executable_pool';
  if (traits.readsAhead && isPool) {
    const message = `with ${name} ClickHouse sees the end of an answer only by what follows it, so that each call of a pool waits for the read timeout and fails`;
    problems.push(problemIn(source, format, 'format', message, `${suggestion}, or the type 'executable'`));
  } else if (traits.oneRow) {
    const message = `${name} carries one row, so that a call for a column of several fails`;
    problems.push({ ...problemIn(source, format, 'format', message, suggestion), severity: 'warning' });
  }
  return problems;
}

const suggestion = 'use TabSeparated, JSONEachRow, RowBinary or Native';

function checkTypesOfFormat(source: FunctionSource, format: string, { refuses }: FormatTraits): FunctionProblem[] {
  if (!refuses) return [];
  const problems: FunctionProblem[] = [];
  const check = (at: Position, element: string, type: string | undefined): void => {
    const refused = findFamily(type ?? '', refuses);
    if (refused === undefined) return;
    const inside = refused === type?.trim() ? '' : ` (in '${excerpt(type?.trim() ?? '')}')`;
    const message = `${format} cannot carry the type ${refused}${inside}, so that each call fails`;
    problems.push(
      problemIn(source, at, element, message, 'use another format, RowBinary or TabSeparated, or a String'),
    );
  };
  for (const { type } of source.arguments) if (type) check(type, 'type', type.text);
  const returnType = source.options.get('return_type');
  if (returnType) check(returnType, 'return_type', returnType.text);
  return problems;
}

function checkNames(source: FunctionSource, format: string, { byName }: FormatTraits): FunctionProblem[] {
  if (!byName) return [];
  const nameless = source.arguments.flatMap((argument, index) =>
    argument.name === undefined && argument.type?.text ? [{ argument, column: `c${index + 1}` }] : [],
  );
  return nameless.map(({ argument, column }) => {
    const message = `the argument has no name, so that the script finds it under '${column}' in ${format}`;
    const remedy = `give it ${showElement(source.file, 'name', 'text')}, or whatever the script looks for`;
    return { ...problemIn(source, argument, 'argument', message, remedy), severity: 'warning' };
  });
}

/** Finds the first of some families, in any case, that a type is or holds. */
function findFamily(type: string, families: readonly string[]): string | undefined {
  const node = parseTypeExpression(type);
  return 'fault' in node ? undefined : findInNode(node, families);
}

function findInNode({ words, items }: TypeNode, families: readonly string[]): string | undefined {
  // The last word: a tuple's element has its name before its type.
  const word = words.at(-1)?.toLowerCase() ?? '';
  const family = families.find((name) => word === name.toLowerCase() || (name === 'Interval' && isInterval(word)));
  if (family !== undefined) return words.at(-1);
  for (const item of items ?? []) {
    const found = findInNode(item, families);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isInterval(word: string): boolean {
  return /^interval(?:nanosecond|microsecond|millisecond|second|minute|hour|day|week|month|quarter|year)$/.test(word);
}
