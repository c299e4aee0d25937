import { didYouMean } from './closest-name.ts';
import { findCommandParameters } from './command-parameters.ts';
import type { VocabularyName } from './engine-vocabulary.ts';
import type { Position } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { problemIn } from './problem-in.ts';
import type { TypeNode } from './type-expression.ts';
import { parseTypeExpression } from './type-expression.ts';

/** Families whose parentheses hold types, and how many of the items are; other families hold literals, or too much to judge. */
const itemsThatAreTypes: Readonly<Record<string, { count: number; named?: true }>> = {
  Array: { count: 1 },
  Nullable: { count: 1 },
  LowCardinality: { count: 1 },
  Map: { count: 2 },
  Variant: { count: Infinity },
  QBit: { count: 1 },
  Tuple: { count: Infinity, named: true },
  Nested: { count: Infinity, named: true },
};

/** Checks every type of a function: the return type, the arguments' and those of the command's parameters. */
export function checkTypes(source: FunctionSource, types: readonly VocabularyName[] | undefined): FunctionProblem[] {
  const problems: FunctionProblem[] = [];
  const check = (at: Position, element: string, expression: string | undefined): void => {
    if (expression === undefined || expression.trim() === '') return;
    const fault = findTypeFault(expression, types);
    if (fault) problems.push(problemIn(source, at, element, fault.message, fault.remedy));
  };
  for (const { type } of source.arguments) {
    if (!type) continue;
    if (type.text?.trim() === '')
      problems.push(problemIn(source, type, 'type', 'the element is empty', "give it the argument's type"));
    check(type, 'type', type.text);
  }
  const returnType = source.options.get('return_type');
  if (returnType) check(returnType, 'return_type', returnType.text);
  const command = source.options.get('command');
  if (command) for (const { type } of findCommandParameters(command.text ?? '')) check(command, 'command', type);
  return problems;
}

/** Says what is wrong with a type expression, if anything is; without the engine's types only quotes and parentheses are looked at. */
export function findTypeFault(
  expression: string,
  types: readonly VocabularyName[] | undefined,
): { message: string; remedy: string } | undefined {
  const node = parseTypeExpression(expression);
  if ('fault' in node)
    return { message: `'${excerpt(expression)}' is not a type: ${node.fault}`, remedy: 'correct the type' };
  if (!types) return undefined;
  const unknown = findUnknownFamily(node, types, false);
  if (unknown === undefined) return undefined;
  const inside = unknown === expression.trim() ? '' : ` (in '${excerpt(expression.trim())}')`;
  const remedy = didYouMean(
    unknown,
    types.map(({ name }) => name),
  );
  return {
    message: `'${unknown}' is not a type of ClickHouse${inside}`,
    remedy: remedy || 'SELECT name FROM system.data_type_families lists them',
  };
}

function findUnknownFamily(node: TypeNode, types: readonly VocabularyName[], mayBeNamed: boolean): string | undefined {
  if (!node.isPlain) return undefined;
  const family = node.words.join(' ');
  const isKnown = (name: string): boolean =>
    types.some(
      (type) => type.name === name || (type.caseInsensitive && type.name.toLowerCase() === name.toLowerCase()),
    );
  const named = mayBeNamed && node.words.length > 1 && !isKnown(family);
  const name = named ? node.words.slice(1).join(' ') : family;
  if (!isKnown(name)) return name;
  const range = itemsThatAreTypes[name];
  if (!range) return undefined;
  for (const item of node.items?.slice(0, range.count) ?? []) {
    const unknown = findUnknownFamily(item, types, range.named === true);
    if (unknown !== undefined) return unknown;
  }
  return undefined;
}
