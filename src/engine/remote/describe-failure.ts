import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { queryErrorFrom } from '../query-error.ts';

/** ClickHouse's codes for who is not let in. */
const loginCodes = new Set([192, 193, 194, 516]); // UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED
const shownCharacters = 120;

interface Server {
  origin: string;
  user: string;
}

/** What a connection's failure means for the user, by the codes of Node and OpenSSL. */
const reasons: readonly { codes: RegExp; reason: string }[] = [
  { codes: /^ENOTFOUND$|^EAI_/, reason: 'its name is not known' },
  { codes: /^ECONNREFUSED$/, reason: 'nothing listens there' },
  { codes: /^TimeoutError$|^ETIMEDOUT$/, reason: 'no answer came in time' },
];
const brokenOff = /^ECONNRESET$|^EPIPE$|^ERR_STREAM_PREMATURE_CLOSE$/;
const noTls = /^EPROTO$|^ERR_SSL_/;
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ALTNAME/;

/** Makes one sentence of a connection that failed before an answer, or broke off in it. */
export function connectionError(cause: unknown, { origin }: Server): EmbedhouseError {
  const error = cause instanceof Error ? cause : new Error(String(cause));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  // An attempt on several addresses has no message of its own.
  const reason = error.message || code;
  if (noTls.test(code)) {
    const message = `${origin} does not answer as an https server; if it speaks plain HTTP, write http://`;
    return new EmbedhouseError('SERVER_UNREACHABLE', message, { cause });
  }
  if (untrusted.test(code)) {
    const message = `the certificate of ${origin} is not trusted (${reason}); name the file of its authority's certificate in NODE_EXTRA_CA_CERTS`;
    return new EmbedhouseError('SERVER_UNREACHABLE', message, { cause });
  }
  if (code.startsWith('HPE_')) {
    return notClickHouse({ origin }, `its answer is not HTTP: ${reason}`, { cause });
  }
  if (brokenOff.test(code)) {
    const message = `the connection to the ClickHouse server at ${origin} broke off before the answer was whole (${reason}); whether the statement was carried out is not known: look before you run it again`;
    return new EmbedhouseError('SERVER_UNREACHABLE', message, { cause });
  }
  const said = reasons.find(({ codes }) => codes.test(code))?.reason ?? reason;
  const message = `the ClickHouse server at ${origin} cannot be reached (${said}); check the address, that the server runs, and that its HTTP interface has this port (8123, or 8443 with https, where it was not changed)`;
  return new EmbedhouseError('SERVER_UNREACHABLE', message, { cause });
}

export interface FailedAnswer {
  status: number;
  text: string;
  /** Whether its headers are ClickHouse's. */
  isClickHouse: boolean;
}

/** Makes an error of an answer that says it is one. `place` is as in `queryErrorFrom`. */
export function answerError(answer: FailedAnswer, server: Server, place?: string): EmbedhouseError {
  if (!answer.isClickHouse) return notClickHouse(server, `it says HTTP ${answer.status}: ${shorten(answer.text)}`);
  const error = queryErrorFrom(answer.text, place);
  if (!loginCodes.has(error.clickhouseCode)) return error;
  const message = `the ClickHouse server at ${server.origin} does not let user '${server.user}' in: check the user's name in --connect, and the password, which can be in EMBEDHOUSE_PASSWORD (code ${error.clickhouseCode}, ${error.clickhouseName})`;
  return new EmbedhouseError('SERVER_REFUSED', message, { cause: error });
}

export function notClickHouse(
  { origin }: Pick<Server, 'origin'>,
  why: string,
  options?: ErrorOptions,
): EmbedhouseError {
  const message = `${origin} does not answer as ClickHouse's HTTP interface does (${why}); check the address and the port`;
  return new EmbedhouseError('SERVER_UNSUITABLE', message, options);
}

/** The beginning of a page, in one line. */
export function shorten(text: string): string {
  const words = text
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return words.length > shownCharacters ? `${words.slice(0, shownCharacters)}…` : words || 'an empty answer';
}
