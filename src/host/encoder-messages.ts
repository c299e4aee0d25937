import type { ErrorCode } from '../errors/error-codes.ts';
import type { Dtype } from '../models/dtype.ts';

/** Where an encoder process finds a model. */
export interface ModelReference {
  modelsPath: string;
  name: string;
  dtype: Dtype;
  /** The state of the folder, see `HostedModel`: what was opened in another one is opened anew. */
  fingerprint: string;
}

/** A tower as the host counts it. */
export interface TowerReference {
  /** Tells towers apart: those of other models, of other states of one, of other dtypes. */
  key: string;
  /** The tower's graph, prepared for this machine; without it the one in the model's folder. */
  preparedGraph: string | undefined;
  /** Size of the graph with its weights. */
  bytes: number;
}

/** An image file, read only if it lies in one of `folders` where there are any; or its bytes. */
export type ImageSource = { path: string; folders: readonly string[] } | { bytes: Uint8Array };

/** One run of a tower: token ids of texts (each from BOS to EOS), or images. */
export type EncoderInput =
  | { tower: 'text'; ids: readonly (readonly number[])[] }
  | { tower: 'image'; images: readonly ImageSource[] };

/** What the host sends to an encoder process. */
export interface EncodeRequest {
  type: 'encode';
  id: number;
  model: ModelReference;
  reference: TowerReference;
  input: EncoderInput;
  /** On the threads of the whole host, which has nothing else to do, instead of this process's own. */
  isWide: boolean;
  /** Ahead of the runs that wait in the process. */
  isUrgent: boolean;
}

/** Asks an encoder process to let towers go, by their keys. It answers with what it still holds. */
export interface UnloadRequest {
  type: 'unload';
  keys: readonly string[];
}

/** A failure that concerns one row alone. */
export interface RowFailure {
  index: number;
  code: ErrorCode;
  message: string;
}

/** `vectors` is row-major, shape [rows, dimensions]; rows that failed hold zeros. */
export interface EncodedRun {
  dimensions: number;
  vectors: Float32Array;
  failures: RowFailure[];
}

/** A tower that an encoder process holds in memory. */
export interface LoadedTower {
  /** See `TowerReference`. */
  key: string;
  model: string;
  dtype: Dtype;
  tower: 'text' | 'image';
  /** Threads of a run. */
  threads: number;
  loadMs: number;
  /** Size of the graph with its weights. */
  bytes: number;
  /** Whether the weights are mapped from a file that all sessions share. */
  isMapped: boolean;
}

/** What an encoder process sends to the host; `loaded` lists all that it holds. */
export type EncoderReply =
  | { type: 'ready' }
  | { type: 'loaded'; loaded: LoadedTower[] }
  | { type: 'encoded'; id: number; run: EncodedRun; residentBytes: number }
  | { type: 'failed'; id: number; code: ErrorCode; message: string };
