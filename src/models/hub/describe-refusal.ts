import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { HubAccess } from './hub-access.ts';

/** What was asked for when the hub refused. */
export interface Refused {
  readonly hub: HubAccess;
  /** As `owner/name`. */
  readonly repository: string;
  readonly revision: string;
}

/**
 * Says why the hub refuses. It answers 401 without a token to whatever it does not show, be it private, gated or not there
 * at all; with a token that it knows, 404.
 */
export function describeRefusal(response: Response, { hub, repository, revision }: Refused): EmbedhouseError {
  const { status, headers } = response;
  const code = headers.get('X-Error-Code');
  const page = `${hub.url}/${repository}`;
  const fail = (message: string): EmbedhouseError => new EmbedhouseError('MODEL_PULL_FAILED', message);
  if (code === 'GatedRepo') {
    return fail(
      `model ${repository} is gated (${status}): accept its terms on ${page}, and set HF_TOKEN to a token of the account that did`,
    );
  }
  if (status === 401 && hub.token === undefined) {
    return fail(
      `${hub.url} has no model ${repository} that it shows without a token (401): check the name on ${page}, or set HF_TOKEN if the model is private or gated`,
    );
  }
  if (status === 401) {
    return fail(
      `${hub.url} does not accept the token in HF_TOKEN (401); set it to a valid one, or unset it for a public model`,
    );
  }
  if (status === 403) {
    return fail(
      `${hub.url} forbids model ${repository} (403)${hub.token === undefined ? '; set HF_TOKEN' : ' to the token in HF_TOKEN; check what it may read'}, and whether the model's terms are to be accepted on ${page}`,
    );
  }
  if (status === 404 && code === 'RevisionNotFound') {
    return fail(
      `model ${repository} has no revision '${revision}'; name a branch, tag or commit that ${page}/tree/main shows, or leave out --revision`,
    );
  }
  if (status === 404) {
    return fail(
      `${hub.url} has no model ${repository} with the revision '${revision}' (404); check the name on ${page}${hub.token === undefined ? '' : ', and whether the token in HF_TOKEN may read it'}`,
    );
  }
  return fail(`${hub.url} answers ${status} for model ${repository} at '${revision}'; see ${page}`);
}
