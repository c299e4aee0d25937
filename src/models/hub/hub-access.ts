import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** How long to go on with a hub that fails now and then. */
export interface Patience {
  /** How often a request is made again, or a download that brings nothing more is taken up again. */
  readonly retries: number;
  /** The wait before the first of them; each next one is twice as long, up to half a minute. */
  readonly firstDelayMs: number;
  /** A connection on which nothing arrives for so long is given up. */
  readonly stallMs: number;
}

/** Where models come from, and how to ask there. */
export interface HubAccess {
  /** The hub's base address, without a slash at its end; see {@link parseHubUrl}. */
  readonly url: string;
  /** Goes to the hub's own address only, and to no place it redirects to. */
  readonly token: string | undefined;
  /** @default {@link defaultPatience} */
  readonly patience?: Patience | undefined;
}

export const defaultHubUrl = 'https://huggingface.co';

/** Half a minute of waits in all. */
export const defaultPatience: Patience = { retries: 5, firstDelayMs: 1000, stallMs: 30_000 };

/**
 * Checks a hub's base address, and takes the slashes off its end.
 *
 * @throws USAGE when it is not the address of a web server, or holds a user name, a password, a query or a fragment.
 */
export function parseHubUrl(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new EmbedhouseError(
      'USAGE',
      `'${address}' is not a hub's address; name one such as ${defaultHubUrl} with --hub or HF_ENDPOINT`,
    );
  }
  // The address goes into messages and into the folder's record, where a password must not be.
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new EmbedhouseError(
      'USAGE',
      `the hub's address on ${url.host} holds more than a server and a path; give a token in HF_TOKEN and leave the rest out`,
    );
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/**
 * Checks what is to be sent as a token. The message does not repeat it.
 *
 * @throws USAGE when it cannot be part of a request.
 */
export function parseToken(token: string | undefined): string | undefined {
  const trimmed = token?.trim() ?? '';
  if (!/^[\u0021-\u007E]*$/.test(trimmed)) {
    throw new EmbedhouseError(
      'USAGE',
      'HF_TOKEN is not a token, which has neither spaces nor special characters; set it to one of your account, or unset it',
    );
  }
  return trimmed === '' ? undefined : trimmed;
}
