import { rm } from 'node:fs/promises';
import { relative } from 'node:path';

import type { Command } from 'commander';

import { describeType } from '../engine/describe-type.ts';
import { readVocabulary } from '../engine/read-vocabulary.ts';
import { requireCallable } from '../engine/require-callable.ts';
import type { FunctionType } from '../functions/function-definition.ts';
import { createScriptFiles } from '../functions/new-script/create-script-files.ts';
import { exampleValue } from '../functions/new-script/example-values.ts';
import type { NamedType } from '../functions/new-script/parse-argument.ts';
import { type PlannedScript, planScript } from '../functions/new-script/plan-script.ts';
import { type ScriptLanguage, signatureOf } from '../functions/new-script/script-function.ts';
import { requireFreeName } from '../functions/require-free-name.ts';
import { provideKit } from '../home/provide-kit.ts';
import { givenPathFlags, openHomeOf, quoteForShell } from './home-options.ts';
import { openScratchEngine, searchPath } from './open-checked-engine.ts';
import { reportNewFile } from './report-new-file.ts';

export interface ScriptFlags {
  language: ScriptLanguage;
  argument?: NamedType[];
  returns?: string;
  type?: FunctionType;
  format?: string;
  json?: true;
}

/** Writes a definition and its script, and says how to try them. */
export async function newScriptFunction(name: string, flags: ScriptFlags, command: Command): Promise<void> {
  const home = await openHomeOf(command);
  await using engine = await openScratchEngine(home);
  const vocabulary = await readVocabulary(engine);
  await requireFreeName(name, { functionsPath: home.functionsPath, vocabulary });
  await requireCallable(engine, name);
  const planned = await planScript(
    {
      name,
      language: flags.language,
      arguments: flags.argument ?? [{ name: 'text', type: 'String' }],
      returns: flags.returns ?? 'String',
      type: flags.type ?? 'executable_pool',
      format: flags.format,
    },
    {
      ...home,
      searchPath,
      environmentFunctionsPath: process.env['EMBEDHOUSE_FUNCTIONS'],
      vocabulary,
      describeType: async (type) => describeType(engine, type),
    },
  );
  const { language } = planned.function;
  const kit =
    language === 'bash'
      ? undefined
      : await provideKit(language === 'python' ? 'python' : 'javascript', home.userScriptsPath);
  const files = await createScriptFiles(planned, home).catch(async (error: unknown) => {
    if (kit !== undefined) await rm(kit, { force: true });
    throw error;
  });
  await reportNewFile(files.definition, home, engine);
  process.stdout.write(
    flags.json
      ? `${JSON.stringify(toJson(planned, { ...files, kit }))}\n`
      : `${describe(planned, { ...files, kit }, givenPathFlags(command))}\n`,
  );
}

interface Written {
  script: string;
  definition: string;
  /** What was put beside the script for it to import. */
  kit: string | undefined;
}

function examplesOf({ function: { name, arguments: given } }: PlannedScript): { values: string[]; sql: string } {
  const examples = given.map(({ type }) => exampleValue(type));
  return {
    values: examples.map(({ text }) => text),
    sql: `SELECT ${name}(${examples.map(({ sql }) => sql).join(', ')})`,
  };
}

function describe(planned: PlannedScript, { script, definition, kit }: Written, flags: string): string {
  const [scriptPath, definitionPath] = [script, definition].map((path) => relative(process.cwd(), path));
  const { values, sql } = examplesOf(planned);
  const { name, hasTypesInCode } = planned.function;
  return [
    `Wrote ${scriptPath} and ${definitionPath}: ${signatureOf(planned.function)}`,
    ...(kit === undefined ? [] : [`Put the kit beside it: ${relative(process.cwd(), kit)}`]),
    ...(planned.olderNode === undefined
      ? []
      : [
          `The script is JavaScript with its types in comments, because Node ${planned.olderNode.slice(1)} runs no TypeScript, and 22.18 does`,
        ]),
    ...(hasTypesInCode
      ? ['The script says its types too, because the kit does not look for definitions in that folder']
      : []),
    `Test it: embedhouse functions test ${flags}${[name, ...values.map(quoteForShell)].join(' ')}`,
    `Try it:  embedhouse query ${flags}${quoteSqlForShell(sql)}`,
  ].join('\n');
}

function toJson(planned: PlannedScript, { script, definition, kit }: Written): object {
  const { name, language, type, format, arguments: given, returns } = planned.function;
  const { values, sql } = examplesOf(planned);
  return {
    name,
    file: definition,
    script,
    kit: kit ?? null,
    language,
    type,
    format,
    arguments: given.map((argument) => ({ name: argument.name, type: argument.type.name })),
    returns: returns.name,
    values,
    example: sql,
  };
}

/** In double quotes, as SQL has single ones, unless a shell would look into them. */
function quoteSqlForShell(sql: string): string {
  return /["\\$`!]/.test(sql) ? quoteForShell(sql) : `"${sql}"`;
}
