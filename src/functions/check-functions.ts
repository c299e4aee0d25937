import { checkParameters } from './check-parameters.ts';
import { checkRepeatedNames } from './check-repeated-names.ts';
import { checkScript } from './check-script.ts';
import { checkTypes } from './check-types.ts';
import { checkVocabulary } from './check-vocabulary.ts';
import type { EngineVocabulary } from './engine-vocabulary.ts';
import type { FunctionDefinition } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import { compareProblems } from './function-problem.ts';
import { defineFunctions, readFunctionSources } from './read-definitions.ts';

export interface CheckFunctionsOptions {
  /** Folder of the `*_function.xml` files; one that does not exist holds no functions. */
  functionsPath: string;
  /** Folder of the scripts that they name. */
  userScriptsPath: string;
  /** The `PATH` of the process that runs the engine, where `#!/usr/bin/env python3` looks for `python3`. */
  searchPath: string;
  /** Names that the engine knows; without them formats, types and built-in functions are not checked. */
  vocabulary?: EngineVocabulary;
}

export interface CheckedFunctions {
  /** The functions that could be read, by file and place, those with problems found later among them. */
  definitions: FunctionDefinition[];
  /** All problems of all files, by file and place. A check passes when none is an `error`. */
  problems: FunctionProblem[];
}

/** Reads and checks all function files and the scripts they name. A broken file does not hide the others. */
export async function checkFunctions(options: CheckFunctionsOptions): Promise<CheckedFunctions> {
  const { functionsPath, vocabulary } = options;
  const { sources, problems } = await readFunctionSources(functionsPath);
  const scripts = await Promise.all(sources.map((source) => checkScript(source, options)));
  const found = sources.flatMap((source) => [
    ...checkParameters(source),
    ...checkTypes(source, vocabulary?.types),
    ...(vocabulary ? checkVocabulary(source, vocabulary) : []),
  ]);
  const all = [...problems, ...scripts.flat(), ...found, ...checkRepeatedNames(sources)];
  return { definitions: defineFunctions(sources), problems: all.toSorted(compareProblems) };
}
