import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { describeFolder, type ModelDescription } from './describe/describe-folder.ts';
import { type Dtype, dtypes, graphFile, type GraphStem } from './dtype.ts';
import { pullCommandFor } from './hub/repository-name.ts';
import { isDataOf } from './graph-files.ts';
import type { ImageSpec } from './image-spec.ts';
import type { TextSpec } from './text-spec.ts';

/** The half of a model that embeds texts, or the one that embeds images. */
export type Tower = 'text' | 'vision';

/** The graphs of one variant of a model, relative to its folder; both towers may be in one file. */
export interface VariantGraphs {
  readonly dtype: Dtype;
  readonly text?: string;
  readonly vision?: string;
}

/** An installed model: a folder laid out as the hub publishes models for transformers.js. */
export interface ModelFolder extends Omit<ModelDescription, 'source'> {
  /** The folder's own name, by which users call the model. */
  readonly name: string;
  readonly path: string;
  /** What all of the model's towers exist in; never empty. */
  readonly dtypes: readonly Dtype[];
  /** The graphs of each of `dtypes`. */
  readonly graphs: readonly VariantGraphs[];
  /** The files of all graphs, with those of weights that are apart, relative to its folder. */
  readonly graphFiles: readonly string[];
  /** The files beside the graphs that decide a model's vectors, relative to its folder. */
  readonly settings: readonly string[];
  /** Size of all files in the folder. */
  readonly sizeBytes: number;
  /** Where the model came from as its `config.json` says, else `local folder`. */
  readonly source: string;
}

/** A folder among the models that cannot be used, and why (one sentence). */
export interface BrokenModelFolder {
  readonly name: string;
  readonly path: string;
  readonly problem: string;
}

const settings = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'tokenizer_config.json'];
/** What sentence-transformers writes. */
const sentenceSettings =
  /^(modules\.json|sentence_[\w-]+_config\.json|config_sentence_transformers\.json|\d+_\w+\/config\.json)$/;
/** What a model's folder may be called. */
export const namePattern = /^[A-Za-z0-9][\w.-]*$/;

/**
 * Opens the model called `name` in the folder of models.
 *
 * @throws MODEL_NOT_INSTALLED when there is no such folder, or the name is not a plain folder name.
 * @throws MODEL_INVALID when the folder lacks a file or a file is wrong; file and field are named.
 */
export async function openModelFolder(modelsPath: string, name: string): Promise<ModelFolder> {
  if (!namePattern.test(name)) {
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `'${name}' is not a model name, which is that of a folder in ${modelsPath}: letters, digits, '.', '_' and '-'; see the installed ones with 'embedhouse models list'`,
    );
  }
  const path = join(modelsPath, name);
  if (!(await isFolder(path))) {
    throw new EmbedhouseError(
      'MODEL_NOT_INSTALLED',
      `model '${name}' is not installed in ${modelsPath}: get it with '${pullCommandFor(name)}', copy its folder as the hub publishes it to ${path}, or name an installed model, such as the bundled one with --model emoji-clip`,
    );
  }
  const { sizeBytes, files } = await listFiles(path);
  const { source, ...description } = await describeFolder(path, files);
  if (description.text && !files.has('tokenizer.json')) throw missing(path, 'tokenizer.json');
  const graphs = dtypes.flatMap((dtype) => findGraphs(description, files, dtype) ?? []);
  if (graphs.length === 0) throw missing(path, wantedGraphs(description));
  return {
    name,
    path,
    ...description,
    dtypes: graphs.map(({ dtype }) => dtype),
    graphs,
    graphFiles: listGraphFilesOf(graphs, files),
    settings: listSettings(files),
    sizeBytes,
    source: source ?? 'local folder',
  };
}

/**
 * Lists what is in the folder of models, by name; a folder that cannot be used is listed with its problem. A missing
 * folder of models is an empty one.
 */
export async function listModelFolders(modelsPath: string): Promise<(ModelFolder | BrokenModelFolder)[]> {
  const names = await readdir(modelsPath).catch((): string[] => []);
  const found: (ModelFolder | BrokenModelFolder)[] = [];
  for (const name of names.toSorted()) {
    const path = join(modelsPath, name);
    if (name.startsWith('.') || !(await isFolder(path))) continue;
    try {
      found.push(await openModelFolder(modelsPath, name));
    } catch (error) {
      if (!(error instanceof EmbedhouseError)) throw error;
      found.push({ name, path, problem: error.message });
    }
  }
  return found;
}

/** Lists the towers that a model has. */
export function towersOf({ text, image }: Pick<ModelFolder, 'text' | 'image'>): Tower[] {
  return [...(text ? (['text'] as const) : []), ...(image ? (['vision'] as const) : [])];
}

/** Gives what a model's text tower expects. @throws MODEL_INVALID when it embeds no texts. */
export function textSpecOf({ name, text }: Pick<ModelFolder, 'name' | 'text'>): TextSpec {
  if (text !== undefined) return text;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `model '${name}' embeds images only, no texts; name another model with --model in the function's <command>`,
  );
}

/** Gives what a model's image tower expects. @throws MODEL_INVALID when it embeds no images. */
export function imageSpecOf({ name, image }: Pick<ModelFolder, 'name' | 'image'>): ImageSpec {
  if (image !== undefined) return image;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `model '${name}' embeds texts only, no images; name another model with --model in the function's <command>`,
  );
}

/**
 * Gives the path of one tower's graph in the wanted dtype, which may hold the other tower too.
 *
 * @throws MODEL_INVALID when the model has no such tower, or does not come in that dtype.
 */
export function towerPath(folder: ModelFolder, tower: Tower, dtype: Dtype): string {
  if (tower === 'text') textSpecOf(folder);
  else imageSpecOf(folder);
  const graph = folder.graphs.find((graphs) => graphs.dtype === dtype)?.[tower];
  if (graph !== undefined) return join(folder.path, graph);
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `model '${folder.name}' has no ${dtype} files in ${folder.path}/onnx, only ${folder.dtypes.join(', ')}; choose one of these with --dtype in the function's <command>, or get the files with 'embedhouse models pull ... --dtype ${dtype}'`,
  );
}

/** Gives a variant's graphs if all of the model's towers are there, each in its own file or all in one. */
function findGraphs(
  description: Pick<ModelDescription, 'text' | 'image'>,
  files: ReadonlySet<string>,
  dtype: Dtype,
): VariantGraphs | undefined {
  const find = (stem: GraphStem): string | undefined =>
    [stem, 'model' as const].map((name) => graphFile(name, dtype)).find((file) => files.has(file));
  const text = description.text && find('text_model');
  const vision = description.image && find('vision_model');
  if ((description.text && text === undefined) || (description.image && vision === undefined)) return undefined;
  return { dtype, ...(text !== undefined && { text }), ...(vision !== undefined && { vision }) };
}

function listGraphFilesOf(graphs: readonly VariantGraphs[], files: ReadonlySet<string>): string[] {
  const own = new Set(graphs.flatMap(({ text, vision }) => [text, vision]).filter((graph) => graph !== undefined));
  return [...own].flatMap((graph) => [graph, ...[...files].filter((file) => isDataOf(graph, file)).toSorted()]);
}

function listSettings(files: ReadonlySet<string>): string[] {
  const found = [...files].filter((file) => sentenceSettings.test(file)).toSorted();
  const own = files.has('preprocessor_config.json') ? settings : [...settings, 'processor_config.json'];
  return [...own.filter((file) => files.has(file)), ...found];
}

function wantedGraphs({ text, image }: Pick<ModelDescription, 'text' | 'image'>): string {
  const whole = graphFile('model', 'fp32');
  return text && image
    ? `pair of ${graphFile('text_model', 'fp32')} and ${graphFile('vision_model', 'fp32')}, and no ${whole}`
    : whole;
}

function missing(path: string, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_INVALID',
    `the model folder ${path} has no ${what}; copy it there from where the model came from, or bring it back with 'embedhouse models pull' if the model was pulled`,
  );
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

async function listFiles(path: string): Promise<{ files: Set<string>; sizeBytes: number }> {
  const files = new Set<string>();
  let sizeBytes = 0;
  for (const file of await readdir(path, { recursive: true })) {
    // stat, not lstat: the hub's own download cache is made of links.
    const found = await stat(join(path, file)).catch(() => undefined);
    if (!found?.isFile()) continue;
    // With slashes on every system.
    files.add(file.replaceAll('\\', '/'));
    sizeBytes += found.size;
  }
  return { files, sizeBytes };
}
