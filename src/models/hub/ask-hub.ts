import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { HubAccess } from './hub-access.ts';
import { describeNetworkFailure } from './describe-network-failure.ts';
import { readRetryAfterMs } from './read-retry-after.ts';
import type { StallWatch } from './stall-watch.ts';
import { PassingFailure } from './with-retries.ts';

export interface HubRequest {
  readonly hub: HubAccess;
  /** The address below the hub's, with a slash at its begin. */
  readonly address: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly watch: StallWatch;
}

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
/** Whoever is asked to wait for longer is better told so. */
const maxRetryAfterMs = 5 * 60 * 1000;

/**
 * Sends a GET request to the hub and answers the response, whatever its status, once its headers are there. The token
 * goes to the hub's origin only: fetch takes the header away when it follows a redirect to another one.
 *
 * @throws PassingFailure when there is no connection, or it is lost or silent, or the hub is busy or failing.
 * @throws MODEL_PULL_FAILED when the hub asks to wait for more than five minutes.
 * @throws the watch's reason when its signal stops it.
 */
export async function askHub({ hub, address, headers, watch }: HubRequest): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${hub.url}${address}`, {
      headers: {
        'User-Agent': 'embedhouse',
        ...headers,
        ...(hub.token !== undefined && { Authorization: `Bearer ${hub.token}` }),
      },
      signal: watch.signal,
    });
  } catch (cause) {
    throw watch.explain(describeNetworkFailure(cause));
  }
  watch.touch();
  if (!passingStatuses.has(response.status)) {
    return response;
  }
  await response.body?.cancel();
  const retryAfterMs = readRetryAfterMs(response.headers);
  if (retryAfterMs > maxRetryAfterMs) {
    throw new EmbedhouseError(
      'MODEL_PULL_FAILED',
      `${hub.url} answers ${response.status} and asks to wait for ${Math.ceil(retryAfterMs / 60_000)} minutes; pull again then, with a token in HF_TOKEN if you have one, to go on from there`,
    );
  }
  throw new PassingFailure(`${hub.url} answers ${response.status} to ${address}`, { retryAfterMs });
}
