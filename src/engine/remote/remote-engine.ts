import { BaseEngine, type Signalled } from '../base-engine.ts';
import type { Engine, InsertOptions, QueryOptions } from '../engine.ts';
import { parseRows } from '../parse-rows.ts';
import { parameterTexts } from '../set-statement.ts';
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

class RemoteEngine extends BaseEngine {
  readonly #parts: RemoteSessionParts;
  readonly #session: RemoteSession;

  constructor(parts: RemoteSessionParts) {
    const session = new RemoteSession(parts);
    super(parts.server.version, session);
    this.#parts = parts;
    this.#session = session;
  }

  async insert(into: string, options: InsertOptions): Promise<void> {
    return this.#session.insert(into, this.signalled(options));
  }

  protected async read<Row>(
    sql: string,
    { params = {}, signal }: Pick<QueryOptions, 'params'> & Signalled,
  ): Promise<Row[]> {
    const { server, address } = this.#parts;
    const parameters = {
      ...server.rowParameters,
      ...databaseParameter(address),
      ...Object.fromEntries(parameterTexts(params)),
    };
    const chunks = runStatement({ statement: sql, parameters }, { ...this.#parts, signal });
    return parseRows(await readText(chunks));
  }

  protected async end(): Promise<void> {
    await this.#session.end(AbortSignal.timeout(endSessionMs)).catch(() => {});
    await this.#parts.client.close();
  }
}
