import { Session } from 'chdb';
import { parseRows } from './parse-rows.ts';
import { killProcess, selectProcess, type ProcessRow } from './process-list.ts';
import { hasTag } from './set-statement.ts';

/**
 * A session on the event loop's side, whose statements run on libuv's threads. Beside the thread that runs the
 * user's statements it asks how they are doing and stops them.
 */
export class OwnSession {
  readonly #session: Session;
  /** A session runs one statement at a time; the next waits for this. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(dataPath: string, connectionArgs: string[]) {
    this.#session = new Session(dataPath, { connectionArgs });
  }

  async execute(statement: string): Promise<void> {
    await this.#query(statement, 'Null');
  }

  async rows<Row>(statement: string): Promise<Row[]> {
    return parseRows(await this.#query(statement, 'JSONEachRow'));
  }

  async readProcess(tag: string): Promise<ProcessRow | undefined> {
    const [row] = await this.rows<ProcessRow>(selectProcess(hasTag(tag)));
    return row;
  }

  async kill(tag: string): Promise<void> {
    await this.execute(killProcess(hasTag(tag)));
  }

  /** Closes when the statement at work has ended. */
  async close(): Promise<void> {
    await this.#last;
    this.#session.close();
  }

  async #query(statement: string, format: string): Promise<string> {
    const turn = this.#last.then(async () => {
      const result = await this.#session.queryAsync(statement, { format });
      return result.text();
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
