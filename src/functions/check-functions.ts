import { checkCommand } from './check-command.ts';
import { checkDefinition } from './check-definition.ts';
import type { KnownScriptChecker } from './check-known-script.ts';
import { checkKnownScript } from './check-known-script.ts';
import { checkRepeatedNames } from './check-repeated-names.ts';
import { checkScript } from './check-script.ts';
import { SyntaxChecks } from './check-syntax.ts';
import type { EngineVocabulary } from './engine-vocabulary.ts';
import type { FunctionDefinition } from './function-definition.ts';
import type { FunctionProblem } from './function-problem.ts';
import { compareProblems } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { defineFunctions, readFunctionSources } from './read-definitions.ts';

export interface CheckFunctionsOptions {
  /** Folder of the function files; one that does not exist holds no functions. */
  functionsPath: string;
  /** Folder of the scripts that they name. */
  userScriptsPath: string;
  /** The `PATH` of the process that runs the engine, where `#!/usr/bin/env python3` looks for `python3`. */
  searchPath: string;
  /** Names that the engine knows; without them formats, types and built-in functions are not checked. */
  vocabulary?: EngineVocabulary;
  /** Only these files are reported on, whether they are in the folder or not; its others count for repeated names. */
  files?: readonly string[];
  /** Judges scripts that someone knows. */
  checkKnownScript?: KnownScriptChecker;
  /** Lets interpreters look at the scripts' syntax, each 10 to 100 ms. */
  checkSyntax?: boolean;
}

export interface CheckedFunctions {
  /** The functions that could be read, by file and place, those with problems found later among them. */
  definitions: FunctionDefinition[];
  /** All problems of all files, by file and place. A check passes when none is an `error`. */
  problems: FunctionProblem[];
}

/** Reads and checks all function files and the scripts they name. A broken file does not hide the others. */
export async function checkFunctions(options: CheckFunctionsOptions): Promise<CheckedFunctions> {
  const { functionsPath, files } = options;
  const { sources, problems } = await readFunctionSources(functionsPath, files);
  const syntax = options.checkSyntax ? new SyntaxChecks(options.searchPath) : undefined;
  const isWanted = ({ file }: { file: string }): boolean => files?.includes(file) ?? true;
  const wanted = sources.filter(isWanted);
  const found = await Promise.all(wanted.map(async (source) => checkSource(source, { ...options, syntax })));
  // What stands in the files that are asked about comes last, and so is what repeats.
  const ordered = files ? [...sources.filter((source) => !isWanted(source)), ...wanted] : sources;
  const all = [...problems, ...found.flat(), ...checkRepeatedNames(ordered)].filter(isWanted);
  return { definitions: defineFunctions(wanted), problems: all.toSorted(compareProblems) };
}

async function checkSource(
  source: FunctionSource,
  options: CheckFunctionsOptions & { syntax: SyntaxChecks | undefined },
): Promise<FunctionProblem[]> {
  const { vocabulary, userScriptsPath, checkKnownScript: checker } = options;
  return [
    ...(await checkScript(source, options)),
    ...(await checkCommand(source, options)),
    ...(checker ? await checkKnownScript(source, userScriptsPath, checker) : []),
    ...checkDefinition(source, vocabulary),
  ];
}
