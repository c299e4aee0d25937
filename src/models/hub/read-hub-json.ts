import type { z } from 'zod';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { askHub } from './ask-hub.ts';
import { describeNetworkFailure } from './describe-network-failure.ts';
import { defaultPatience, type HubAccess } from './hub-access.ts';
import { describeRefusal, type Refused } from './describe-refusal.ts';
import { StallWatch } from './stall-watch.ts';
import { withRetries, type PassingFailure } from './with-retries.ts';

export interface HubQuestion<T> {
  readonly hub: HubAccess;
  /** The address below the hub's, with a slash at its begin. */
  readonly address: string;
  readonly schema: z.ZodType<T>;
  /** For messages. */
  readonly subject: Refused;
  readonly signal: AbortSignal;
  readonly onRetry?: ((failure: PassingFailure) => void) | undefined;
  /** Which failures end it at once though they may pass. */
  readonly isFinal?: (failure: PassingFailure) => boolean;
}

/** A page of a listing has some 300 KB. */
const maxBytes = 32 * 1024 * 1024;

/**
 * Asks the hub for JSON and checks it.
 *
 * @throws PassingFailure when the hub fails more often than its patience allows.
 * @throws MODEL_PULL_FAILED when the hub refuses, or answers something else than expected.
 */
export async function readHubJson<T>(question: HubQuestion<T>): Promise<{ value: T; headers: Headers }> {
  const { hub, address, schema, subject, signal, onRetry, isFinal } = question;
  const patience = hub.patience ?? defaultPatience;
  const work = async (): Promise<{ text: string; headers: Headers }> => {
    using watch = new StallWatch(patience.stallMs, signal);
    const response = await askHub({ hub, address, headers: { Accept: 'application/json' }, watch });
    if (!response.ok) {
      await response.body?.cancel();
      throw describeRefusal(response, subject);
    }
    return { text: await readText(response, watch), headers: response.headers };
  };
  const { text, headers } = await withRetries(work, { patience, signal, onRetry, ...(isFinal && { isFinal }) });
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) {
    return { value: parsed.data, headers };
  }
  const issue = parsed.error.issues[0];
  throw unexpected(`${hub.url}${address}`, `${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
}

async function readText(response: Response, watch: StallWatch): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      watch.touch();
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw unexpected(response.url, `more than ${maxBytes} bytes`);
      }
    }
  } catch (error) {
    throw error instanceof EmbedhouseError ? error : watch.explain(describeNetworkFailure(error, bytes));
  }
  return Buffer.concat(chunks).toString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unexpected(address: string, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_PULL_FAILED',
    `${address} does not answer as a hub does (${what}); check --hub or HF_ENDPOINT, which is to name a hub that speaks Hugging Face's interface`,
  );
}
