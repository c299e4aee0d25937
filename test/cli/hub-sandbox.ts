import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { emojiClip } from '../models/hub/pull-sandbox.ts';
import { TestHub } from '../models/hub/test-hub.ts';
import { makeSandbox, type Answer, type Sandbox } from './sandbox.ts';

/** The program with a folder of models and a hub of its own, which has `owner/emoji-clip`. */
export class HubSandbox {
  readonly sandbox: Sandbox;
  readonly modelsPath: string;
  /** Also of a hub that has been stopped. */
  hubUrl = '';
  #hub: TestHub | undefined;

  private constructor(sandbox: Sandbox) {
    this.sandbox = sandbox;
    this.modelsPath = join(sandbox.path, 'models');
  }

  static async create(): Promise<HubSandbox> {
    return new HubSandbox(await makeSandbox());
  }

  get hub(): TestHub {
    if (this.#hub === undefined) {
      throw new Error('the hub has not been started');
    }
    return this.#hub;
  }

  async startHub(): Promise<void> {
    this.#hub = await TestHub.start();
    this.hubUrl = this.#hub.url;
    this.#hub.repositories.push({ id: 'owner/emoji-clip', files: new Map(emojiClip), licence: 'mit' });
  }

  /** Stops the hub and removes the models. */
  async reset(): Promise<void> {
    await this.#hub?.[Symbol.asyncDispose]();
    await rm(this.modelsPath, { recursive: true, force: true });
  }

  async remove(): Promise<void> {
    await this.sandbox.remove();
  }

  /** Runs `embedhouse models …` with this hub. */
  async run(args: string[], env: Record<string, string> = {}): Promise<Answer> {
    return this.sandbox.run(['models', ...args], {
      env: { EMBEDHOUSE_MODELS: this.modelsPath, HF_ENDPOINT: this.hubUrl, ...env },
    });
  }
}
