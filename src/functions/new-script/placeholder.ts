import type { DataType } from '../../formats/types/data-type.ts';
import type { ScriptArgument, ScriptFunction } from './script-function.ts';

/** What a new script answers until somebody writes its body: something that shows the arguments, else a zero value. */
export type Placeholder =
  /** A text made of a text. */
  | { kind: 'text'; argument: ScriptArgument }
  /** A value as text. */
  | { kind: 'asText'; argument: ScriptArgument }
  /** A vector: how many characters and how many words a text has. */
  | { kind: 'sizes'; argument: ScriptArgument }
  /** How many characters a text has. */
  | { kind: 'length'; argument: ScriptArgument }
  /** An argument as it is. */
  | { kind: 'same'; argument: ScriptArgument }
  | { kind: 'zero' };

/** Types of numbers that hold the length of any text. */
const wideNumber = /^(?:U?Int(?:32|64|128|256)|Float32|Float64|BFloat16)$/;

/** Chooses a placeholder that is valid whatever the arguments are. */
export function choosePlaceholder({
  arguments: given,
  returns,
}: Pick<ScriptFunction, 'arguments' | 'returns'>): Placeholder {
  const find = (isWanted: (name: string | undefined) => boolean): ScriptArgument | undefined =>
    given.find(({ type }) => isWanted(scalarName(withoutDictionary(type.data))));
  const text = find((name) => name === 'String' || name?.startsWith('FixedString(') === true);
  const result = withoutNull(withoutDictionary(returns.data));
  const name = scalarName(result);
  if (name === 'String' && text !== undefined) return { kind: 'text', argument: text };
  const same = given.find(({ type }) => type.name === returns.name);
  if (same !== undefined) return { kind: 'same', argument: same };
  const plain = find((scalar) => scalar !== undefined);
  if (name === 'String' && plain !== undefined) return { kind: 'asText', argument: plain };
  if (text === undefined) return { kind: 'zero' };
  if (name !== undefined && wideNumber.test(name)) return { kind: 'length', argument: text };
  const isVector = result?.kind === 'array' && /^Float(?:32|64)$/.test(scalarName(result.inner) ?? '');
  return isVector ? { kind: 'sizes', argument: text } : { kind: 'zero' };
}

function withoutDictionary(data: DataType | undefined): DataType | undefined {
  return data?.kind === 'lowCardinality' ? data.inner : data;
}

function withoutNull(data: DataType | undefined): DataType | undefined {
  return data?.kind === 'nullable' ? { kind: 'scalar', scalar: data.inner } : data;
}

function scalarName(data: DataType | undefined): string | undefined {
  return data?.kind === 'scalar' ? data.scalar.name : undefined;
}
