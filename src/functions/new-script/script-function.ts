import type { DataType } from '../../formats/types/data-type.ts';
import type { FunctionType } from '../function-definition.ts';

export const scriptLanguages = ['python', 'typescript', 'javascript', 'bash'] as const;
export type ScriptLanguage = (typeof scriptLanguages)[number];

/** A ClickHouse type of a function that a script is written for. */
export interface ScriptType {
  /** As ClickHouse writes it. */
  name: string;
  /** Its default value in TabSeparated. */
  defaultText: string;
  /** What the kits make of it; `undefined` where only a shell script can have it. */
  data: DataType | undefined;
}

export interface ScriptArgument {
  name: string;
  type: ScriptType;
}

/** A function that is to be written with its script. */
export interface ScriptFunction {
  name: string;
  language: ScriptLanguage;
  arguments: readonly ScriptArgument[];
  returns: ScriptType;
  type: FunctionType;
  format: string;
  chunkHeader: boolean;
  /** The script's name in the folder of scripts. */
  script: string;
  /** The file with the definition, for comments. */
  definition: string;
  /** Whether the kit would not find the definition, so that the script has to say the types itself. */
  hasTypesInCode: boolean;
}

/** Writes a function's name with its types: `f(text String) Array(Float32)`. */
export function signatureOf({
  name,
  arguments: given,
  returns,
}: Pick<ScriptFunction, 'name' | 'arguments' | 'returns'>): string {
  return `${name}(${given.map((argument) => `${argument.name} ${argument.type.name}`).join(', ')}) ${returns.name}`;
}

/** Says in a script what it is, and where the rest stands. */
export function introduce(script: ScriptFunction): string {
  const { definition, hasTypesInCode } = script;
  const where = hasTypesInCode ? '' : ', where its types and format stand';
  return `${signatureOf(script)}: ClickHouse starts this script as ${definition} says${where}.`;
}

/** Why types stand in a script. */
export const aboutTypesInCode =
  'The kit does not look for definitions in that folder: types and format stand here too, and must be the same.';
