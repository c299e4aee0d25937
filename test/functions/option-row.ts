import type { FunctionType } from '../../src/functions/function-definition.ts';

/** One thing to do with the function `$f` on the engine, and what ClickHouse 26.7 was seen to answer. */
export type OptionStep =
  | { sql: string; gives: string }
  | { sql: string; fails: RegExp }
  /** The script writes this into the file that its command names `$marker`. */
  | { marker: string };

/** What an option does on the engine, in a function of one type. */
export interface OptionRow {
  option: string;
  type: FunctionType;
  behaviour: string;
  /** Replace or remove (`undefined`) the elements of a working function that gives back a String in TabSeparated. */
  elements: Record<string, string | undefined>;
  steps: readonly OptionStep[];
  /** What the check says about the function; nothing, if left out. */
  says?: RegExp;
  /** What the script is written in, if not `sh`. */
  needs?: 'python3';
}

const types: readonly FunctionType[] = ['executable', 'executable_pool'];
/** The function, called with `'x'`, gives this. */
export const call = (gives: string): OptionStep => ({ sql: "SELECT $f('x')", gives });
/** The function, called with `'x'`, fails. */
export const callFails = (fails: RegExp): OptionStep => ({ sql: "SELECT $f('x')", fails });
/** Elements of a function that answers, under `key`, the name of its first column in JSONEachRow. */
export const json = (key: string, name?: string): Record<string, string> => ({
  format: 'JSONEachRow',
  command: `first-key.sh ${key}`,
  argument: `<type>String</type>${name === undefined ? '' : `<name>${name}</name>`}`,
});

/** A row for each type, where they behave alike. */
export function alike(option: string, row: Omit<OptionRow, 'option' | 'type'>): OptionRow[] {
  return types.map((type) => ({ option, type, ...row }));
}

/** A row for one type. */
export function one(option: string, type: FunctionType, row: Omit<OptionRow, 'option' | 'type'>): OptionRow {
  return { option, type, ...row };
}
