import { Option, type Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { batchFormatNames } from '../formats/rows/batch-format-name.ts';
import { type NamedType, parseArgument } from '../functions/new-script/parse-argument.ts';
import { scriptLanguages } from '../functions/new-script/script-function.ts';
import { dtypes } from '../models/dtype.ts';
import { newHostedFunction, type HostedFlags } from './new-hosted-function.ts';
import type { ScriptFlags } from './new-script-function.ts';

/** Flags of functions that run a model, and of functions with a script, as commander names them. */
const flagsOfKind = {
  model: ['model', 'input', 'dtype', 'normalize', 'prompt', 'onError'],
  script: ['argument', 'returns', 'type', 'format'],
} as const;

/** `embedhouse functions new`: writes the files of a function. */
export function addNewFunctionCommand(functions: Command): void {
  functions
    .command('new')
    .description('write the files of a new function: with --language one of your own, else one that runs a model')
    .argument('<name>', 'what SQL calls the function')
    .option('--json', 'what was written as JSON')
    .optionsGroup('A function of your own:')
    .addOption(
      new Option('--language <language>', 'write a definition, and a script in this language').choices(scriptLanguages),
    )
    .option(
      '--argument <name:Type>',
      'an argument and its ClickHouse type; may be given several times (text:String)',
      addArgument,
    )
    .option('--returns <Type>', 'the ClickHouse type of the result (String)')
    .addOption(
      new Option(
        '--type <type>',
        'start a process for each block of rows, or keep some between queries (executable_pool)',
      ).choices(['executable', 'executable_pool']),
    )
    .addOption(
      new Option('--format <format>', 'how rows go to the script and back (RowBinary; bash: TabSeparated)').choices(
        batchFormatNames,
      ),
    )
    .optionsGroup('A function that runs an installed model, the one that --model names or the default:')
    .addOption(
      new Option(
        '--input <kind>',
        'what it takes: a text, the path of an image file, or its bytes (text, else image)',
      ).choices(['text', 'image', 'image-bytes']),
    )
    .addOption(new Option('--dtype <dtype>', "the variant of the model's files (fp32)").choices(dtypes))
    .option('--normalize', 'give each vector the length 1, whatever the model does')
    .option('--prompt <name>', "which of the model's prompts goes before each text, or none (the model's default)")
    .addOption(new Option('--on-error <what>', 'what a bad row does').choices(['fail', 'zero']).default('fail'))
    .addHelpText(
      'after',
      `
With --language it writes functions/NAME_function.xml and a script in user_scripts/ that work at once: put your work
into the script's body. What is there already is never overwritten. Without --language the file names the model, so that
the function's vectors stay those of one model whatever the default is.

Examples:
  embedhouse functions new shout --language python
  embedhouse functions new distance --language typescript --argument a:Point --argument b:Point --returns Float64
  embedhouse functions new first_word --language bash --type executable
  embedhouse functions new encode_minilm --model all-MiniLM-L6-v2
  embedhouse functions new encode_emoji --model emoji-clip --input image --normalize`,
    )
    .action(async (name: string, flags: HostedFlags & Partial<ScriptFlags>, command: Command) => {
      const { language } = flags;
      requireOneKind(command, language === undefined ? 'model' : 'script');
      if (language === undefined) return newHostedFunction(name, flags, command);
      const { newScriptFunction } = await import('./new-script-function.ts');
      return newScriptFunction(name, { ...flags, language }, command);
    });
}

function addArgument(text: string, before: readonly NamedType[] = []): NamedType[] {
  return [...before, parseArgument(text)];
}

/** @throws USAGE when a flag is given that belongs to functions of the other kind */
function requireOneKind(command: Command, kind: keyof typeof flagsOfKind): void {
  const others = flagsOfKind[kind === 'model' ? 'script' : 'model'];
  const stray = others.find((flag) => command.getOptionValueSourceWithGlobals(flag) === 'cli');
  if (stray === undefined) return;
  const flag = `--${stray === 'onError' ? 'on-error' : stray}`;
  const message =
    kind === 'model'
      ? `${flag} is about a function of your own; say with --language in which language it is to be written`
      : `${flag} is about a function that runs a model, and --language writes one that does not; leave one of the two out`;
  throw new EmbedhouseError('USAGE', message);
}
