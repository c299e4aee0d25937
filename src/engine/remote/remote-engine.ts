import { setMaxListeners } from 'node:events';

import type { Engine, InsertOptions, QueryOptions, RunOptions } from '../engine.ts';
import { parameterTexts } from '../set-statement.ts';
import { settle } from '../settle.ts';
import { writeResult } from '../write-result.ts';
import { openServer } from './open-server.ts';
import { RemoteSession, type RemoteSessionParts } from './remote-session.ts';
import { runStatement } from './run-statement.ts';
import { databaseParameter, parseServerAddress } from './server-address.ts';
import { readText, ServerClient } from './server-client.ts';
import { ServerControl } from './server-control.ts';

export interface RemoteEngineOptions {
  /** `http[s]://[user[:password]@]host[:port][/database][?setting=value&…]` */
  url: string;
  /** The user's password, where the URL has none. */
  password?: string;
}

/** How long closing waits for the server to end the session. */
const endSessionMs = 2000;

/**
 * Opens a session on a ClickHouse server, over its HTTP interface. Functions, files and settings are the server's.
 *
 * @throws EmbedhouseError `USAGE`, `SERVER_UNREACHABLE`, `SERVER_REFUSED`, `SERVER_UNSUITABLE`; QueryError (`QUERY_FAILED`)
 *   when the database is not there
 */
export async function openRemoteEngine({ url, password }: RemoteEngineOptions): Promise<Engine> {
  const address = parseServerAddress(url, password);
  const client = new ServerClient(address);
  try {
    const server = await openServer(client, address);
    return new RemoteEngine({ client, address, server, control: new ServerControl(client, server.rowParameters) });
  } catch (error) {
    await client.close();
    throw error;
  }
}

class RemoteEngine implements Engine {
  readonly version: string;
  readonly #parts: RemoteSessionParts;
  readonly #session: RemoteSession;
  readonly #closing = new AbortController();
  readonly #reads = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  constructor(parts: RemoteSessionParts) {
    this.#parts = parts;
    // Every statement listens to it.
    setMaxListeners(0, this.#closing.signal);
    this.#session = new RemoteSession(parts);
    this.version = parts.server.version;
  }

  stream(sql: string, options: QueryOptions = {}): AsyncGenerator<Uint8Array, void> {
    return this.#session.stream(sql, { ...options, signal: this.#signalFor(options) });
  }

  async run(sql: string, options: RunOptions = {}): Promise<void> {
    const chunks = this.stream(sql, options);
    if (options.output !== undefined) return writeResult(chunks, options.output, this.#signalFor(options));
    for await (const _ of chunks);
  }

  async insert(into: string, options: InsertOptions): Promise<void> {
    return this.#session.insert(into, { ...options, signal: this.#signalFor(options) });
  }

  async rows<Row>(sql: string, options: Pick<QueryOptions, 'params' | 'signal'> = {}): Promise<Row[]> {
    const reading = this.#read<Row>(sql, options);
    this.#reads.add(reading);
    try {
      return await reading;
    } finally {
      this.#reads.delete(reading);
    }
  }

  async reloadFunctions(): Promise<void> {
    await this.rows('SYSTEM RELOAD FUNCTIONS');
  }

  async close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #signalFor(options: Pick<QueryOptions, 'signal'>): AbortSignal {
    const { signal } = this.#closing;
    return options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]);
  }

  async #read<Row>(sql: string, options: Pick<QueryOptions, 'params' | 'signal'>): Promise<Row[]> {
    const { server, address } = this.#parts;
    const parameters = {
      ...server.rowParameters,
      ...databaseParameter(address),
      ...Object.fromEntries(parameterTexts(options.params ?? {})),
    };
    const chunks = runStatement({ statement: sql, parameters }, { ...this.#parts, signal: this.#signalFor(options) });
    const lines = (await readText(chunks)).split('\n');
    // The caller names the columns it selects; ClickHouse writes one JSON object a line.
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Row);
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const isSuspended = (): boolean => this.#session.isSuspended && this.#reads.size === 0;
    await settle([this.#session.idle, ...this.#reads], isSuspended);
    await this.#session.end(AbortSignal.timeout(endSessionMs)).catch(() => {});
    await this.#parts.client.close();
  }
}
