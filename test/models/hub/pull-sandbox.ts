import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { defaultPatience } from '../../../src/models/hub/hub-access.ts';
import { pullModel, type PulledModel, type PullOptions } from '../../../src/models/hub/pull-model.ts';
import { readRepositoryFiles, TestHub } from './test-hub.ts';

export const emojiClip = await readRepositoryFiles('models/emoji-clip');
export const textGraph = 'onnx/text_model.onnx';
export const visionGraph = 'onnx/vision_model.onnx';
/** Of the repository, those that are read in fp32. */
export const readFiles = [
  'config.json',
  'onnx/text_model.onnx',
  'onnx/vision_model.onnx',
  'preprocessor_config.json',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer_config.json',
];

export interface TestPullOptions extends Partial<PullOptions> {
  hubUrl?: string;
  token?: string;
  stallMs?: number;
}

/** A hub that has `owner/emoji-clip`, and a folder for models. */
export class PullSandbox implements AsyncDisposable {
  readonly hub: TestHub;
  readonly folder: string;
  readonly modelsPath: string;

  private constructor(hub: TestHub, folder: string) {
    this.hub = hub;
    this.folder = folder;
    this.modelsPath = join(folder, 'models');
    hub.repositories.push({ id: 'owner/emoji-clip', files: new Map(emojiClip), licence: 'mit' });
  }

  static async make(): Promise<PullSandbox> {
    return new PullSandbox(await TestHub.start(), await mkdtemp(join(tmpdir(), 'eh-pull-')));
  }

  async pull(options: TestPullOptions = {}): Promise<PulledModel> {
    const { hubUrl = this.hub.url, token, stallMs = defaultPatience.stallMs, ...others } = options;
    return pullModel({
      modelsPath: this.modelsPath,
      hub: { url: hubUrl, token, patience: { retries: 3, firstDelayMs: 1, stallMs } },
      repository: 'owner/emoji-clip',
      dtypes: ['fp32'],
      signal: new AbortController().signal,
      ...others,
    });
  }

  /** Names what differs between a model that is there and what a pull of fp32 is to give; staging folders too. */
  async differences(name = 'emoji-clip'): Promise<string[]> {
    const pulled = await readRepositoryFiles(join(this.modelsPath, name));
    const paths = new Set([...readFiles, ...pulled.keys()]);
    paths.delete('pulled.json');
    const hidden = (await readdir(this.modelsPath)).filter((each) => each.startsWith('.'));
    const isSame = (path: string): boolean => {
      const expected = readFiles.includes(path) ? emojiClip.get(path) : undefined;
      return expected !== undefined && pulled.get(path)?.equals(expected) === true;
    };
    return [...hidden, ...[...paths].filter((path) => !isSame(path))];
  }

  /** All that is in the folder of models, hidden folders included. */
  async everything(): Promise<string[]> {
    return (await readdir(this.modelsPath, { recursive: true }).catch((): string[] => [])).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true });
  }
}
