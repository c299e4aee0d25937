import { relative } from 'node:path';

import prettyBytes from 'pretty-bytes';

import type { ModelUse } from '../host/find-model-uses.ts';
import type { ModelReport, ReportedVariant } from '../host/report-model.ts';
import type { Agreement } from '../models/agreement.ts';
import type { ImageSpec } from '../models/image-spec.ts';
import { isTelling } from '../models/read-int8-row-report.ts';
import type { Pooling, TextSpec } from '../models/text-spec.ts';

const kinds: Readonly<Record<ModelReport['kind'], string>> = {
  clip: 'texts and images, in one space',
  siglip: 'texts and images, in one space',
  text: 'texts',
  image: 'images',
};

const poolings: Readonly<Record<Pooling, string>> = {
  graph: 'in the graph',
  mean: "mean of the tokens' vectors",
  cls: "the first token's vector",
  last: "the last token's vector",
  max: "greatest value of the tokens' vectors in each dimension",
};

const reasons: Readonly<Record<ModelUse['by'], string>> = {
  name: 'names it',
  default: 'uses the default model',
  argument: 'any model, named in SQL',
};

/** Says in words what a model is, takes and gives: rows of two columns, of which the first is empty where a row goes on. */
export function describeReport(report: ModelReport): string[][] {
  const { name, kind, architecture, dimensions, isDefault, text, image, functions } = report;
  return [
    ['model', isDefault ? `${name}, the default` : name],
    ['kind', kind === architecture ? kind : `${kind} (${architecture})`],
    ['embeds', kinds[kind]],
    ['dimensions', String(dimensions)],
    ...(text ? describeText(text, kind) : []),
    ...(image ? describeImages(image) : []),
    ...group(
      'variants',
      report.variants.map((variant) => describeVariant(variant)),
    ),
    ...describeInt8Row(report),
    ...describeOrigin(report),
    ['folder', `${report.path}, ${prettyBytes(report.sizeBytes)}`],
    ...group(
      'id',
      report.variants.flatMap(({ id }) => id ?? []),
    ),
    ...group('functions', functions.length === 0 ? ['none runs it'] : functions.map((use) => describeUse(use))),
  ];
}

/** Rows whose first one has the title. */
function group(title: string, lines: readonly string[]): string[][] {
  return lines.map((line, index) => [index === 0 ? title : '', line]);
}

function describeText(text: TextSpec, kind: ModelReport['kind']): string[][] {
  const { tokenizer, maxTokens, padding, pooling, poolingFile, normalize, lowerCase, prompts, defaultPrompt } = text;
  const paddings: Readonly<Record<TextSpec['padding'], string>> = {
    'after-end': 'after the end of a text, where it changes nothing',
    none: 'none: only texts of one length share a run',
    always: `each text, to ${maxTokens} tokens`,
  };
  const pooled =
    kind === 'text'
      ? `${poolings[pooling]}, ${poolingFile === undefined ? 'the usual one: the folder does not say' : `as ${poolingFile} says`}; none where the graph gives a sentence_embedding`
      : poolings[pooling];
  const named = Object.entries(prompts);
  return [
    ['tokenizer', tokenizer === 'clip' ? "CLIP's own" : `as tokenizer.json says${lowerCase ? ', in lower case' : ''}`],
    ['max tokens', `${maxTokens}, longer texts are cut`],
    ['padding', paddings[padding]],
    ['pooling', pooled],
    ['vectors', normalize ? 'of texts have the length 1' : 'are not normalised'],
    ...group(
      'prompts',
      named.length === 0 ? ['none'] : named.map(([prompt, words]) => `${prompt}: ${JSON.stringify(words)}`),
    ),
    ...(named.length === 0 ? [] : [['default prompt', defaultPrompt ?? 'none']]),
  ];
}

function describeImages({ resize, shortSide, filter, size, mean, std }: ImageSpec): string[][] {
  const resized = resize === 'stretch' ? `stretched to ${shortSide} x ${shortSide}` : `shorter side to ${shortSide}`;
  const cropped = size === shortSide && resize === 'stretch' ? '' : `, ${size} x ${size} cut out of the middle`;
  const round = (channels: readonly number[]): string => channels.map((value) => Number(value.toFixed(4))).join(' ');
  return group('images', [`${resized} (${filter})${cropped}`, `mean ${round(mean)}, std ${round(std)}`]);
}

function describeVariant({ dtype, files, towers }: ReportedVariant): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const held = towers.map(({ tower, memoryBytes, isPrepared, isLoaded }) => {
    const state = isLoaded ? ' (loaded)' : isPrepared ? ' (prepared)' : '';
    return `${tower === 'text' ? 'texts' : 'images'} about ${prettyBytes(memoryBytes)}${state}`;
  });
  return `${dtype}: ${prettyBytes(bytes)} on disk; in memory ${held.join(', ')}`;
}

function describeInt8Row({ source, int8Row }: ModelReport): string[][] {
  if (int8Row === undefined) {
    return [];
  }
  const describe = (what: string, agreement: Agreement): string => {
    const recall = isTelling({ source }, agreement) ? agreement.recallAt10.toFixed(3) : 'says nothing';
    return `${agreement.count} ${what}: mean cosine ${agreement.meanCosine.toFixed(5)}, recall@10 ${recall}`;
  };
  return group('int8-row and fp32', [describe('texts', int8Row.texts), describe('images', int8Row.images)]);
}

function describeOrigin({ source, pulled }: ModelReport): string[][] {
  if (pulled === undefined) {
    return [['from', `${source}; not pulled`]];
  }
  if ('problem' in pulled) {
    return group('from', [source, `what was pulled is not known: ${pulled.problem}`]);
  }
  const { hub, repository, revision, commit, licence, pulledAt } = pulled;
  return [
    ['from', `${repository} of ${hub}, pulled at ${pulledAt}`],
    ['commit', revision === commit ? commit : `${commit} (${revision})`],
    ['licence', licence ?? 'not said'],
  ];
}

function describeUse({ name, file, by, input, dtype }: ModelUse): string {
  const what = input === 'model' ? 'what it is' : `${input} in ${dtype}`;
  return `${name}: ${what}; ${reasons[by]} (${relative(process.cwd(), file)})`;
}
