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
  /** The file with the definition and its folder, for comments. */
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
