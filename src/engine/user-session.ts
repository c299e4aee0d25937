import { randomUUID } from 'node:crypto';
import type { Signalled, StatementSession } from './base-engine.ts';
import { defaultFormat, type QueryOptions, type QueryProgress } from './engine.ts';
import type { OwnSession } from './own-session.ts';
import { isFunctionFailure, queryErrorFrom } from './query-error.ts';
import type { ScriptProcesses } from './script-processes.ts';
import type { SessionThread } from './session-thread.ts';
import { setParameters, setTag } from './set-statement.ts';
import { splitStatements } from './split-statements.ts';
import type { StagedFunctions } from './staged-functions.ts';
import { StatementWatch } from './statement-watch.ts';
import { throwIfCancelled } from './throw-if-cancelled.ts';
import { Turns } from './turns.ts';

export interface UserSessionParts {
  /** Runs the statements; its session keeps their settings and temporary tables. */
  thread: SessionThread;
  /** Follows and kills them. */
  control: OwnSession;
  scripts: ScriptProcesses;
  functions: StagedFunctions;
  beforeStatement?: () => Promise<void>;
}

const reloadsFunctions = /\bSYSTEM\s+RELOAD\s+FUNCTION/i;

/** The session of the user's statements: calls take turns in it, and each turn's statements run one by one. */
export class UserSession implements StatementSession {
  readonly #parts: UserSessionParts;
  readonly #turns = new Turns();
  #isSuspended = false;
  /** Statements run one by one, and nobody looks for one that is over: all have the same mark. */
  readonly #tag = randomUUID();
  #isTagged = false;

  constructor(parts: UserSessionParts) {
    this.#parts = parts;
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
    const endTurn = await this.#turns.start();
    try {
      throwIfCancelled(options.signal);
      if (parameters !== undefined) await this.#set(parameters);
      for (const [index, statement] of statements.entries()) {
        await this.#parts.beforeStatement?.();
        throwIfCancelled(options.signal);
        if (reloadsFunctions.test(statement)) await this.#parts.functions.stage();
        const place = statements.length > 1 ? `statement ${index + 1} of ${statements.length}` : undefined;
        yield* this.#streamStatement({ statement, index, place }, options);
      }
    } finally {
      endTurn();
    }
  }

  async #set(statement: string): Promise<void> {
    const reply = await this.#parts.thread.ask({ type: 'start', statement, format: 'Null' });
    if (reply.type === 'failed') throw queryErrorFrom(reply.message);
  }

  async *#streamStatement(
    { statement, index: statementIndex, place }: { statement: string; index: number; place: string | undefined },
    { signal, onProgress, format = defaultFormat }: QueryOptions & Signalled,
  ): AsyncGenerator<Uint8Array, void> {
    const { thread } = this.#parts;
    const tag = this.#tag;
    if (!this.#isTagged) {
      // Under `readonly = 1` the mark is refused: the statement runs all the same, without progress.
      await thread.ask({ type: 'start', statement: setTag(tag), format: 'Null' });
    }
    // The mark stays for the statements that follow, unless this one changes it.
    this.#isTagged = !statement.includes('log_comment');
    const report =
      onProgress && ((row: Omit<QueryProgress, 'statementIndex'>) => onProgress({ ...row, statementIndex }));
    const watch = new StatementWatch({ ...this.#parts, tag, signal, ...(report && { onProgress: report }) });
    let isOpen = true;
    try {
      let reply = await thread.ask({ type: 'start', statement, format });
      while (reply.type === 'chunk') {
        throwIfCancelled(signal);
        this.#isSuspended = true;
        yield reply.bytes;
        this.#isSuspended = false;
        throwIfCancelled(signal);
        reply = await thread.ask({ type: 'pull' });
      }
      isOpen = false;
      if (reply.type === 'failed') {
        throwIfCancelled(signal);
        const failure = queryErrorFrom(reply.message, place);
        if (isFunctionFailure(failure)) void this.#parts.scripts.endAbandoned();
        throw failure;
      }
    } finally {
      this.#isSuspended = false;
      // A reader that comes back after the engine was closed finds no thread, and nothing to cancel.
      if (isOpen) await thread.ask({ type: 'cancel' }).catch(() => {});
      await watch.stop();
    }
  }
}
