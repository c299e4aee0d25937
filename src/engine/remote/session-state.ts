import { quoteIdentifier } from '../quote-identifier.ts';
import { QueryError } from '../query-error.ts';

/** A statement without one of these words leaves nothing behind in its session. */
const leaving = /\b(SET|USE|TEMPORARY|TEMP)\b/i;
const using = /\bUSE\b/i;
const SESSION_NOT_FOUND = 372;

/**
 * What requests say about the session on the server. It ends after an hour without a request, or with the server; a
 * session that holds something must then be missed, and not be made again in silence. One that holds nothing may: an
 * address can lead to several servers in turn.
 */
export class SessionState {
  readonly #session: Readonly<Record<string, string>>;
  #database: string | undefined;
  #holdsSomething = false;

  constructor(session: Readonly<Record<string, string>>, database: string | undefined) {
    this.#session = session;
    this.#database = database;
  }

  parameters(): Record<string, string> {
    return {
      ...this.#session,
      ...(this.#database !== undefined && { database: this.#database }),
      ...(this.#holdsSomething && { session_check: '1' }),
    };
  }

  /**
   * What must run before a statement that may choose a database: the address's is chosen for good then. Named in each
   * request it would undo the statement's choice.
   */
  statementBefore(statement: string): string | undefined {
    if (this.#database === undefined || !using.test(statement)) return undefined;
    const use = `USE ${quoteIdentifier(this.#database)}`;
    this.#database = undefined;
    return use;
  }

  /** Takes note of a statement that is sent. */
  note(statement: string): void {
    this.#holdsSomething ||= leaving.test(statement);
  }

  /** Says what it means that the server does not know the session. */
  explain(error: unknown): unknown {
    if (!(error instanceof QueryError) || error.clickhouseCode !== SESSION_NOT_FOUND) return error;
    const message = `the server has lost the session, and with it settings and temporary tables: it was idle for too long, the server was started again, or the address leads to several servers in turn (code ${error.clickhouseCode}, ${error.clickhouseName})`;
    return new QueryError(message, error, { cause: error });
  }
}
