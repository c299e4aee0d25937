import { basename, join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { readDataType, type DataType } from '../../formats/types/data-type.ts';
import { definitionFolders } from '../../udf/find-signature.ts';
import { checkDefinition } from '../check-definition.ts';
import { checkOptions } from '../check-options.ts';
import { checkShebang } from '../check-shebang.ts';
import { findTypeFault } from '../check-types.ts';
import type { EngineVocabulary } from '../engine-vocabulary.ts';
import type { FunctionType } from '../function-definition.ts';
import { isPythonModule } from '../python-modules.ts';
import { readFunctionFile } from '../read-function-file.ts';
import { requireDifferentNames, type NamedType } from './parse-argument.ts';
import { renderBash } from './render-bash.ts';
import { renderDefinition } from './render-definition.ts';
import { renderJavascript } from './render-javascript.ts';
import { renderPython } from './render-python.ts';
import { findNodeVersion, runsTypescript } from './runs-typescript.ts';
import type { ScriptArgument, ScriptFunction, ScriptLanguage, ScriptType } from './script-function.ts';

/** What is asked for, types as they were written. */
export interface ScriptChoices {
  name: string;
  language: ScriptLanguage;
  arguments: readonly NamedType[];
  returns: string;
  type: FunctionType;
  /** One of the kits'; what suits the language best if it is left out. */
  format: string | undefined;
}

export interface ScriptSurroundings {
  functionsPath: string;
  userScriptsPath: string;
  /** The `PATH` that the script will see. */
  searchPath: string;
  /** Where the environment says that the definitions are, before all other places. */
  environmentFunctionsPath: string | undefined;
  vocabulary: EngineVocabulary;
  /** Asks ClickHouse for its own writing of a type, and its default value in TabSeparated. @throws USAGE */
  describeType: (type: string) => Promise<{ name: string; defaultText: string }>;
}

export interface PlannedScript {
  function: ScriptFunction;
  definitionText: string;
  scriptText: string;
  /** The version of a Node that does not run the TypeScript that was asked for. */
  olderNode: string | undefined;
}

/**
 * Writes, and not yet into files, a definition and a script that pass `functions check` and `functions test`.
 *
 * @throws USAGE when what is asked for does not go together; FILE_UNUSABLE when the script could not be started here
 */
export async function planScript(choices: ScriptChoices, surroundings: ScriptSurroundings): Promise<PlannedScript> {
  const { name, language, type } = choices;
  requireDifferentNames(choices.arguments);
  const format = chooseFormat(choices);
  const returns = await readType('the return type', choices.returns, choices, surroundings);
  const given: ScriptArgument[] = [];
  for (const argument of choices.arguments) {
    given.push({
      name: argument.name,
      type: await readType(`argument '${argument.name}'`, argument.type, choices, surroundings),
    });
  }
  const olderNode = language === 'typescript' ? await findOlderNode(surroundings.searchPath) : undefined;
  const script = nameScript(name, olderNode === undefined ? language : 'javascript');
  const hasTypesInCode = language !== 'bash' && !findsDefinition(script, surroundings);
  const { functionsPath } = surroundings;
  const planned: ScriptFunction = {
    name,
    language,
    arguments: given,
    returns,
    type,
    format,
    chunkHeader: language !== 'bash',
    script,
    definition: join(hasTypesInCode ? functionsPath : basename(functionsPath), `${name}_function.xml`),
    hasTypesInCode,
  };
  const definitionText = renderDefinition(planned);
  requireSound(definitionText, surroundings.vocabulary);
  const scriptText = renderScript(planned);
  const fault = await checkShebang(script, Buffer.from(scriptText), surroundings.searchPath);
  if (fault !== undefined) throw new EmbedhouseError('FILE_UNUSABLE', `${fault.message}; ${fault.remedy}`);
  return { function: planned, definitionText, scriptText, olderNode };
}

function chooseFormat({ language, format }: ScriptChoices): string {
  if (language !== 'bash') return format ?? 'RowBinary';
  if (format === undefined || format === 'TabSeparated') return 'TabSeparated';
  throw new EmbedhouseError(
    'USAGE',
    `a script in bash reads and writes TabSeparated, and not ${format}; leave --format out, or choose another language`,
  );
}

async function readType(
  what: string,
  text: string,
  { language }: ScriptChoices,
  { vocabulary, describeType }: ScriptSurroundings,
): Promise<ScriptType> {
  const fault = findTypeFault(text, vocabulary.types);
  if (fault !== undefined) throw new EmbedhouseError('USAGE', `${what}: ${fault.message}; ${fault.remedy}`);
  const described = await describeType(text);
  return { ...described, data: readKitType(what, described.name, language) };
}

function readKitType(what: string, name: string, language: ScriptLanguage): DataType | undefined {
  try {
    return readDataType(name);
  } catch (cause) {
    if (!(cause instanceof EmbedhouseError)) throw cause;
    if (language === 'bash') return undefined;
    throw new EmbedhouseError('USAGE', `${what}: ${cause.message}, or choose bash, which gets any value as text`, {
      cause,
    });
  }
}

async function findOlderNode(searchPath: string): Promise<string | undefined> {
  const version = await findNodeVersion(searchPath);
  return version === undefined || runsTypescript(version) ? undefined : version;
}

/** `.mts` and `.mjs` are modules in every folder, whatever a package.json above says. */
const extensions = { python: 'py', typescript: 'mts', javascript: 'mjs', bash: 'sh' } as const;

function nameScript(name: string, language: ScriptLanguage): string {
  const isTaken = language === 'python' && (isPythonModule(name) || name === 'embedhouse_udf');
  return `${name}${isTaken ? '_function' : ''}.${extensions[language]}`;
}

/** Whether the kit finds the definition wherever the script is started. */
function findsDefinition(script: string, surroundings: ScriptSurroundings): boolean {
  const { functionsPath, userScriptsPath, environmentFunctionsPath } = surroundings;
  const isFound = (folder: string | undefined): boolean =>
    definitionFolders({ path: join(userScriptsPath, script), functionsPath: folder }).includes(functionsPath);
  return isFound(undefined) && isFound(environmentFunctionsPath);
}

/** @throws USAGE when the check would find anything in a definition */
function requireSound(definitionText: string, vocabulary: EngineVocabulary): void {
  const { sources, problems } = readFunctionFile('new_function.xml', Buffer.from(definitionText));
  const all = [
    ...problems,
    ...sources.flatMap((source) => [...checkOptions(source), ...checkDefinition(source, vocabulary)]),
  ];
  const problem = all.find(({ severity }) => severity !== 'note');
  if (problem !== undefined) throw new EmbedhouseError('USAGE', `${problem.message}; ${problem.remedy}`);
}

function renderScript(script: ScriptFunction): string {
  if (script.language === 'bash') return renderBash(script);
  return script.language === 'python' ? renderPython(script) : renderJavascript(script);
}
