import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { type Dtype, dtypes as knownDtypes, graphFile, type GraphStem } from '../dtype.ts';
import { isDataOf } from '../graph-files.ts';
import type { RepositoryFile } from './list-repository-files.ts';

/** Configuration and tokenizer, of transformers.js and of sentence-transformers (`sentence_xlm-roberta_config.json`, `1_Pooling/config.json`). */
const settings =
  /^(?:config|preprocessor_config|processor_config|tokenizer|tokenizer_config|special_tokens_map|modules|config_sentence_transformers|sentence_[\w-]+_config|\d+_\w+\/config)\.json$/;

/** What can be published; int8-row is made by `embedhouse models quantize`. */
const publishedDtypes: readonly Dtype[] = knownDtypes.filter((dtype) => dtype !== 'int8-row');

export interface WantedFiles {
  /** As `owner/name`, for messages. */
  readonly repository: string;
  readonly files: readonly RepositoryFile[];
  readonly dtypes: readonly Dtype[];
}

/**
 * Chooses of a repository's files those that embedhouse reads: the settings, small ones first, and for each dtype the
 * graphs with their weights: of the towers that the repository has, else of the one model.
 *
 * @throws MODEL_PULL_FAILED when the repository has no settings or no ONNX files, or not in one of the dtypes.
 */
export function chooseFiles({ repository, files, dtypes }: WantedFiles): RepositoryFile[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const stems = graphStems(byPath);
  const available = publishedDtypes.filter((dtype) => stems.length > 0 && hasAll(byPath, stems, dtype));
  if (available.length === 0) {
    throw fail(
      `model ${repository} has no ONNX files (onnx/model.onnx, or onnx/text_model.onnx and onnx/vision_model.onnx); pull one that has, such as those of Xenova/… and onnx-community/…, where conversions of many models are`,
    );
  }
  const missing = dtypes.filter((dtype) => !available.includes(dtype));
  if (missing.length > 0) {
    throw fail(
      `model ${repository} does not come in ${missing.join(' and ')}, only in ${available.join(', ')}; choose of these with --dtype, or look for other conversions of the model at Xenova/… and onnx-community/…`,
    );
  }
  if (!byPath.has('config.json')) {
    throw fail(`model ${repository} has no config.json, which says what kind of model it is; pull another conversion`);
  }
  const chosen = files.filter(({ path }) => settings.test(path));
  const graphs = dtypes.flatMap((dtype) => stems.map((stem) => graphFile(stem, dtype)));
  return [
    ...chosen.toSorted((a, b) => a.sizeBytes - b.sizeBytes),
    // Weights first: a graph that is there has them beside it.
    ...graphs.flatMap((graph) => [
      ...files.filter(({ path }) => isDataOf(graph, path)),
      ...files.filter(({ path }) => path === graph),
    ]),
  ];
}

function graphStems(byPath: ReadonlyMap<string, RepositoryFile>): GraphStem[] {
  const exists = (stem: GraphStem): boolean => publishedDtypes.some((dtype) => byPath.has(graphFile(stem, dtype)));
  const towers = (['text_model', 'vision_model'] as const).filter(exists);
  if (towers.length > 0) {
    return towers;
  }
  return exists('model') ? ['model'] : [];
}

function hasAll(byPath: ReadonlyMap<string, RepositoryFile>, stems: readonly GraphStem[], dtype: Dtype): boolean {
  return stems.every((stem) => byPath.has(graphFile(stem, dtype)));
}

function fail(message: string): EmbedhouseError {
  return new EmbedhouseError('MODEL_PULL_FAILED', message);
}
