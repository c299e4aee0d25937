import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

import { ClickHouseLogLevel, createClient, EXCEPTION_TAG_HEADER_NAME, type ClickHouseClient } from '@clickhouse/client';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { answerError, connectionError } from './describe-failure.ts';
import { readAnswer } from './read-answer.ts';
import type { ServerAddress } from './server-address.ts';

export interface ServerRequest {
  statement: string;
  /** What follows the `?` of the request: settings, `param_<name>`, `default_format`, `session_id` and the like. */
  parameters: Readonly<Record<string, string>>;
  /** The name under which the statement is in `system.processes`. */
  queryId: string;
  /** The data of an INSERT; the statement then ends with its format. */
  data?: Readable;
  signal?: AbortSignal;
  /** Which of several statements it is, as in `queryErrorFrom`. */
  place?: string;
}

/** An answer that has begun. */
export interface ServerAnswer {
  /** Fails as the statement does. */
  chunks: AsyncGenerator<Uint8Array, void>;
  /** Whether a failure behind the answer's beginning is told from data: ClickHouse 25.11 and newer. */
  hasExceptionTag: boolean;
  /** Gives the rest up; the server notices. */
  destroy: () => void;
}

/** Node's largest: a statement may take as long as it does, and what is gone is found by TCP's own keep-alive. */
const statementTimeoutMs = 2 ** 31 - 1;
/** Each report of progress adds a header, where `send_progress_in_http_headers` is on. */
const maxHeaderBytes = 1024 * 1024;

/** Sends statements to a ClickHouse server over HTTP, as many at a time as there are. */
export class ServerClient {
  readonly #address: ServerAddress;
  readonly #client: ClickHouseClient;

  constructor(address: ServerAddress) {
    this.#address = address;
    this.#client = createClient({
      url: address.origin,
      username: address.user,
      password: address.password,
      application: 'embedhouse',
      request_timeout: statementTimeoutMs,
      max_open_connections: Infinity,
      max_response_headers_size: maxHeaderBytes,
      log: { level: ClickHouseLogLevel.OFF },
    });
  }

  /**
   * @throws QueryError (`QUERY_FAILED`) with ClickHouse's code; EmbedhouseError `SERVER_UNREACHABLE`, `SERVER_REFUSED`,
   *   `SERVER_UNSUITABLE`
   */
  async send({ statement, parameters, queryId, data, signal, place }: ServerRequest): Promise<ServerAnswer> {
    try {
      const sent = await this.#client.exec({
        // As `query` the client would trim it, and take the `;` off the end of inline data.
        query: data === undefined ? '' : statement,
        values: data ?? Readable.from([Buffer.from(statement)], { objectMode: false }),
        query_id: queryId,
        // They go into the URL as they are, unlike `query_params`, which are values to be written.
        clickhouse_settings: { ...this.#address.settings, ...parameters },
        ignore_error_response: true,
        ...(signal && { abort_signal: signal }),
      });
      const status = sent.http_status_code ?? 0;
      const headers = sent.response_headers;
      const isClickHouse = Object.keys(headers).some((name) => name.startsWith('x-clickhouse-'));
      const failureFrom = (failure: string): Error =>
        answerError({ status, text: failure, isClickHouse }, this.#address, place);
      if (status < 200 || status >= 300 || headers['x-clickhouse-exception-code'] !== undefined) {
        throw failureFrom(await text(sent.stream));
      }
      const tag = headers[EXCEPTION_TAG_HEADER_NAME];
      return {
        chunks: this.#read(readAnswer(sent.stream, typeof tag === 'string' ? tag : undefined, failureFrom)),
        hasExceptionTag: tag !== undefined,
        destroy: () => sent.stream.destroy(),
      };
    } catch (error) {
      // The client says of every abort that the user did it.
      throw this.#toOurs(signal?.aborted === true ? signal.reason : error);
    }
  }

  /** Breaks off what runs. */
  async close(): Promise<void> {
    await this.#client.close();
  }

  async *#read(chunks: AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* chunks;
    } catch (error) {
      throw this.#toOurs(error);
    }
  }

  #toOurs(error: unknown): EmbedhouseError {
    return error instanceof EmbedhouseError ? error : connectionError(error, this.#address);
  }
}

/** Reads a small answer whole. */
export async function readText(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}
