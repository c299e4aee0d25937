import { normalize } from 'node:path';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Dtype } from '../models/dtype.ts';
import type { ModelFolder } from '../models/model-folder.ts';
import { type InputKind, parseCommand } from './function-call.ts';

type BridgeOptions = ReturnType<typeof parseCommand>['options'];

/** What is known of a function's definition. */
export interface DefinedCommand {
  readonly name: string;
  readonly file: string;
  /** Words with single blanks between them if it is executed directly, else a shell line. */
  readonly command: string;
  readonly executeDirect: boolean;
}

/** A function that runs a model. */
export interface ModelUse {
  readonly name: string;
  readonly file: string;
  /** Whether its definition names the model, names none and gets the default one, or leaves it to the SQL. */
  readonly by: 'name' | 'default' | 'argument';
  readonly input: InputKind;
  readonly dtype: Dtype;
}

/**
 * Finds the functions that run a model: those whose `<command>` starts the bridge and names the model, and those that name
 * none if it is the default one or is named in SQL, as far as it can embed what they take.
 */
export function findModelUses(
  definitions: readonly DefinedCommand[],
  folder: Pick<ModelFolder, 'name' | 'text' | 'image'>,
  defaultName: string,
): ModelUse[] {
  return definitions.flatMap(({ name, file, command, executeDirect }) => {
    const options = executeDirect ? readBridgeOptions(command) : undefined;
    const by = options && findReason(options, folder, defaultName);
    return options && by ? [{ name, file, by, input: options.input, dtype: options.dtype }] : [];
  });
}

function findReason(
  { model, input, 'model-argument': modelArgument }: BridgeOptions,
  folder: Pick<ModelFolder, 'name' | 'text' | 'image'>,
  defaultName: string,
): ModelUse['by'] | undefined {
  if (model !== undefined) return model === folder.name ? 'name' : undefined;
  if (!canEmbed(folder, input)) return undefined;
  if (modelArgument) return 'argument';
  return folder.name === defaultName ? 'default' : undefined;
}

/** Undefined where the command starts something else, or the host would refuse it. */
function readBridgeOptions(command: string): BridgeOptions | undefined {
  const [script = '', ...args] = command.split(' ');
  if (normalize(script) !== 'embed') return undefined;
  try {
    return parseCommand(args).options;
  } catch (error) {
    if (error instanceof EmbedhouseError) return undefined;
    throw error;
  }
}

function canEmbed({ text, image }: Pick<ModelFolder, 'text' | 'image'>, input: InputKind): boolean {
  if (input === 'model') return true;
  return (input === 'text' ? text : image) !== undefined;
}
