import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { openModelFolder } from '../models/model-folder.ts';
import type { FunctionCall } from './function-call.ts';
import { commandUsage, parseCommand } from './function-call.ts';
import { planFunction } from './plan-function.ts';

/** The definition of a function whose script is the bridge. */
export interface HostedDefinition {
  readonly name: string;
  /** The words behind the script's name. */
  readonly args: readonly string[];
  readonly format: string;
  readonly sendChunkHeader: boolean;
  readonly argumentTypes: readonly string[];
  readonly returnType: string;
}

/** What does not fit in a definition; `element` is the one to look at. */
interface HostedFault {
  readonly severity: 'error' | 'warning';
  readonly element: 'command' | 'argument' | 'return_type';
  readonly message: string;
  readonly remedy: string;
}

export interface InstalledModels {
  readonly modelsPath: string;
  /** The model of functions that name none. */
  readonly defaultModel: string;
}

type Options = ReturnType<typeof parseCommand>['options'];

/** Checks that the bridge is told what the definition says, and that the model is installed and can do what is asked of it. */
export async function checkHostedCommand(
  definition: HostedDefinition,
  models: InstalledModels,
): Promise<HostedFault[]> {
  let parsed: ReturnType<typeof parseCommand>;
  try {
    parsed = parseCommand([...definition.args]);
  } catch (error) {
    if (!(error instanceof EmbedhouseError)) throw error;
    const message = error.message.split('; expected in the definition')[0] ?? error.message;
    return [{ severity: 'error', element: 'command', message, remedy: `write ${commandUsage}` }];
  }
  const { functionName, options } = parsed;
  return [
    ...checkName(functionName, definition.name),
    ...checkFormat(options, definition),
    ...checkTypes(options, definition),
    ...(await checkModel(functionName, options, models)),
  ];
}

function checkName(functionName: string, name: string): HostedFault[] {
  if (functionName === name) return [];
  const message = `the host is told that this is '${functionName}', and its errors will name that`;
  return [{ severity: 'warning', element: 'command', message, remedy: `write 'embed ${name}'` }];
}

function checkFormat(options: Options, { format, sendChunkHeader }: HostedDefinition): HostedFault[] {
  const faults: HostedFault[] = [];
  const error = (message: string, remedy: string): unknown =>
    faults.push({ severity: 'error', element: 'command', message, remedy });
  const wanted = format.toLowerCase() === 'tsv' ? 'tabseparated' : format.toLowerCase();
  if (options.format.toLowerCase() !== wanted) {
    error(`--format ${options.format} is not the function's format, ${format}`, 'give both the same');
  }
  if (sendChunkHeader && !options['chunk-header']) {
    error(
      'ClickHouse sends chunk headers, which the host does not expect without --chunk-header',
      'add --chunk-header',
    );
  }
  if (!sendChunkHeader && options['chunk-header']) {
    error(
      '--chunk-header expects a header before each block, which ClickHouse does not send',
      'turn send_chunk_header on',
    );
  }
  return faults;
}

function checkTypes(options: Options, { argumentTypes, returnType, format }: HostedDefinition): HostedFault[] {
  const faults: HostedFault[] = [];
  const count = options['model-argument'] ? 2 : 1;
  if (argumentTypes.length !== count) {
    const takes = count === 2 ? 'two arguments, the name of a model and what it embeds' : 'one argument';
    const message = `the function has ${argumentTypes.length} arguments, but the host takes ${takes}`;
    faults.push({ severity: 'error', element: 'argument', message, remedy: `give it ${count}, each a String` });
  }
  // RowBinary carries no types, so that the bytes must be those that the other side expects.
  if (format.toLowerCase() !== 'rowbinary') return faults;
  for (const type of argumentTypes.filter((each) => each !== 'String')) {
    const message = `RowBinary says nothing of types, and the host takes String, not ${type}`;
    faults.push({ severity: 'error', element: 'argument', message, remedy: 'declare it String, or use Native' });
  }
  const result = options.input === 'model' ? 'String' : 'Array(Float32)';
  if (returnType.replaceAll(/\s/g, '') !== result) {
    const message = `RowBinary says nothing of types, and the host gives ${result}, not ${returnType}`;
    faults.push({ severity: 'error', element: 'return_type', message, remedy: `write ${result}, or use Native` });
  }
  return faults;
}

async function checkModel(
  functionName: string,
  options: Options,
  { modelsPath, defaultModel }: InstalledModels,
): Promise<HostedFault[]> {
  if (options['model-argument']) return [];
  const model = options.model ?? defaultModel;
  try {
    const folder = await openModelFolder(modelsPath, model);
    if (options.input !== 'model') planFunction(folder, wantedFunction(functionName, options.input, options));
    return [];
  } catch (error) {
    if (!(error instanceof EmbedhouseError)) throw error;
    const [message = '', ...rest] = error.message.split(/(?:;|:) (?!\/)/);
    const remedy = rest.join('; ') || "see 'embedhouse models list'";
    // Another model may be the default where the function is called.
    return [{ severity: options.model === undefined ? 'warning' : 'error', element: 'command', message, remedy }];
  }
}

function wantedFunction(
  name: string,
  input: Exclude<FunctionCall['input'], 'model'>,
  options: Options,
): Parameters<typeof planFunction>[1] {
  return { name, input, dtype: options.dtype, prompt: options.prompt };
}
