/** What a process with the embedded engine is asked for. */
export type EngineRequest =
  | { readonly type: 'open'; readonly functionsPath: string; readonly userScriptsPath: string }
  | { readonly type: 'run'; readonly sql: string }
  | { readonly type: 'close' };

export interface EngineReply {
  /** From handing the statement to the engine until its last byte. */
  readonly elapsedMs: number;
  /** What the statement printed. */
  readonly output: string;
}
