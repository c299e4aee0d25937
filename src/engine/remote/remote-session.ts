import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Signalled, StatementSession } from '../base-engine.ts';
import { defaultFormat, type InsertOptions, type QueryOptions, type QueryProgress } from '../engine.ts';
import type { ProcessRow } from '../process-list.ts';
import { QueryError } from '../query-error.ts';
import { setParameters } from '../set-statement.ts';
import { Source } from '../source.ts';
import { splitStatements } from '../split-statements.ts';
import { throwIfCancelled } from '../throw-if-cancelled.ts';
import { Turns } from '../turns.ts';
import type { OpenedServer } from './open-server.ts';
import { runStatement, type StatementRequest } from './run-statement.ts';
import type { ServerAddress } from './server-address.ts';
import type { ServerClient } from './server-client.ts';
import type { ServerControl } from './server-control.ts';
import { SessionState } from './session-state.ts';

export interface RemoteSessionParts {
  client: ServerClient;
  control: ServerControl;
  server: OpenedServer;
  address: ServerAddress;
}

const SESSION_IS_LOCKED = 373;
/** A statement that was broken off holds its session until the server notices. */
const lockedWaitMs = 10_000;
const lockedCheckMs = 50;

/** The engine's session on a server: calls take turns in it, and each turn's statements run one by one. */
export class RemoteSession implements StatementSession {
  readonly #parts: RemoteSessionParts;
  readonly #turns = new Turns();
  readonly #state: SessionState;
  #isSuspended = false;
  /** Whether a statement was left before its end. */
  #wasBrokenOff = false;

  constructor(parts: RemoteSessionParts) {
    this.#parts = parts;
    this.#state = new SessionState(parts.server.session, parts.address.database);
  }

  /** Settles when every call so far has ended. */
  get idle(): Promise<void> {
    return this.#turns.idle;
  }

  /** Whether the statement at work waits for its reader, and may for ever. */
  get isSuspended(): boolean {
    return this.#isSuspended;
  }

  /** Runs the statements of `sql` and yields their results; see `Engine.stream`. */
  async *stream(sql: string, options: QueryOptions & Signalled): AsyncGenerator<Uint8Array, void> {
    const parameters = setParameters(options.params ?? {});
    const statements = splitStatements(sql);
    const endTurn = await this.#startTurn(options);
    try {
      if (parameters !== undefined) await this.#execute(parameters, options);
      for (const [index, statement] of statements.entries()) {
        throwIfCancelled(options.signal);
        const place = statements.length > 1 ? `statement ${index + 1} of ${statements.length}` : undefined;
        yield* this.#streamStatement(statement, { ...options, index, ...(place !== undefined && { place }) });
      }
    } finally {
      endTurn();
    }
  }

  /** Sends an INSERT and its data as they come; see `Engine.insert`. */
  async insert(into: string, { format, data, signal }: InsertOptions & Signalled): Promise<void> {
    const endTurn = await this.#startTurn({ signal });
    const queryId = randomUUID();
    // Killed before its data breaks off: then nobody on the way can take the end that is seen for the end that was meant.
    const source = new Source(data, async () => this.#parts.control.kill(queryId).catch(() => {}));
    try {
      const statement = `INSERT INTO ${into} FORMAT ${format}`;
      const parameters = this.#parts.server.insertParameters;
      for await (const _ of this.#send({ statement, parameters, queryId, data: source.stream }, { signal }));
    } catch (error) {
      if (source.failure !== undefined) throw source.failure;
      throw error;
    } finally {
      source.stream.destroy();
      endTurn();
    }
  }

  /** Ends the session on the server, with its temporary tables. */
  async end(signal: AbortSignal): Promise<void> {
    const { client, server } = this.#parts;
    const parameters = { ...server.session, close_session: '1' };
    await client.send({ statement: 'SELECT 1 FORMAT Null', parameters, queryId: randomUUID(), signal });
  }

  async #startTurn(options: Signalled): Promise<() => void> {
    const endTurn = await this.#turns.start();
    try {
      throwIfCancelled(options.signal);
      if (this.#wasBrokenOff) await this.#waitUntilFree(options);
      return endTurn;
    } catch (error) {
      endTurn();
      throw error;
    }
  }

  async #waitUntilFree(options: Signalled): Promise<void> {
    const deadline = performance.now() + lockedWaitMs;
    for (;;) {
      try {
        await this.#execute('SELECT 1 FORMAT Null', options);
        this.#wasBrokenOff = false;
        return;
      } catch (error) {
        const isLocked = error instanceof QueryError && error.clickhouseCode === SESSION_IS_LOCKED;
        if (!isLocked || performance.now() > deadline) throw error;
        await sleep(lockedCheckMs);
      }
    }
  }

  async #execute(statement: string, options: Signalled): Promise<void> {
    for await (const _ of this.#send({ statement, parameters: {} }, options));
  }

  async *#streamStatement(
    statement: string,
    {
      format = defaultFormat,
      place,
      index: statementIndex,
      signal,
      onProgress,
    }: QueryOptions & Signalled & { place?: string; index: number },
  ): AsyncGenerator<Uint8Array, void> {
    const useDatabase = this.#state.statementBefore(statement);
    if (useDatabase !== undefined) await this.#execute(useDatabase, { signal });
    const report =
      onProgress && ((row: Omit<QueryProgress, 'statementIndex'>) => onProgress({ ...row, statementIndex }));
    const parameters = { ...this.#parts.server.resultParameters, default_format: format };
    yield* this.#send(
      { statement, parameters, ...(place !== undefined && { place }) },
      { signal, ...(report && { onProgress: report }) },
    );
  }

  /** Runs one statement in the session. */
  async *#send(
    request: StatementRequest,
    options: Signalled & { onProgress?: (progress: ProcessRow) => void },
  ): AsyncGenerator<Uint8Array, void> {
    const parameters = { ...request.parameters, ...this.#state.parameters() };
    this.#state.note(request.statement);
    const onBrokenOff = (): void => void (this.#wasBrokenOff = true);
    try {
      for await (const chunk of runStatement({ ...request, parameters }, { ...this.#parts, ...options, onBrokenOff })) {
        this.#isSuspended = true;
        yield chunk;
        this.#isSuspended = false;
      }
    } catch (error) {
      throw this.#state.explain(error);
    } finally {
      this.#isSuspended = false;
    }
  }
}
