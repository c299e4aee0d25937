import type { CaptionWriter } from './data/captions.ts';
import type { Tokenize } from './data/tokenize.ts';
import type { BenchModel } from './model/full-size-model.ts';
import type { Settings } from './settings.ts';
import type { Workspace } from './workspace.ts';

/** What every figure works with. */
export interface Bench {
  readonly settings: Settings;
  readonly model: BenchModel;
  readonly workspace: Workspace;
  /** The environment of everything that is started. */
  readonly env: Readonly<Record<string, string>>;
  readonly cores: number;
  readonly tokenize: Tokenize;
  /** Gives captions that no figure has used before. */
  readonly captions: CaptionWriter;
  /** Ends everything that was started. */
  readonly signal: AbortSignal;
  /** Says on stderr what is being done. */
  progress(text: string): void;
}
