import { randomUUID } from 'node:crypto';

import { killProcess, selectProcess, type ProcessRow } from '../process-list.ts';
import type { StatementControl } from '../statement-watch.ts';
import { readText, type ServerClient } from './server-client.ts';

/** What follows and stops a statement must not wait for a server that is gone. */
const answerTimeoutMs = 2000;

/** Follows statements by their `query_id` and stops them, beside the session at work. */
export class ServerControl implements StatementControl {
  readonly #client: ServerClient;
  readonly #parameters: Readonly<Record<string, string>>;

  /** `parameters` are those of a request for rows of JSON. */
  constructor(client: ServerClient, parameters: Readonly<Record<string, string>>) {
    this.#client = client;
    this.#parameters = parameters;
  }

  async execute(statement: string): Promise<void> {
    await this.#text(statement);
  }

  async readProcess(queryId: string): Promise<ProcessRow | undefined> {
    const line = await this.#text(selectProcess(`query_id = '${queryId}'`));
    // The one row that the statement asks for.
    return line === '' ? undefined : (JSON.parse(line) as ProcessRow);
  }

  async kill(queryId: string): Promise<void> {
    await this.execute(killProcess(`query_id = '${queryId}'`));
  }

  async #text(statement: string): Promise<string> {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    const request = { statement, parameters: this.#parameters, queryId: randomUUID(), signal };
    const { chunks } = await this.#client.send(request);
    return readText(chunks);
  }
}
