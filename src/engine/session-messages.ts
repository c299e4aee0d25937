/** What a session's thread is started with. */
export interface SessionThreadData {
  dataPath: string;
  connectionArgs: string[];
}

/** What the owner asks of a session's thread. One statement at a time: `start`, then `pull` until `done` or `failed`. */
export type SessionRequest =
  | { type: 'open' }
  | { type: 'start'; statement: string; format: string }
  | { type: 'pull' }
  | { type: 'cancel' }
  | { type: 'close' }
  | { type: 'exit' };

/** What a session's thread answers. `message` is ClickHouse's text, untouched. */
export type SessionReply =
  | { type: 'opened' }
  | { type: 'chunk'; bytes: Uint8Array }
  | { type: 'done' }
  | { type: 'failed'; message: string }
  | { type: 'closed' };
