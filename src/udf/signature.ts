import type { BatchFormatName } from '../formats/rows/batch-format-name.ts';

/** What a script must know of its function to read and to answer it. */
export interface Signature {
  /** The function's name in SQL, for messages. */
  name: string;
  arguments: readonly { name: string; type: string }[];
  returns: string;
  /** The name of the answer's column, in formats that name columns. */
  returnName: string;
  format: BatchFormatName;
  chunkHeader: boolean;
  /** The `{name:Type}` of the command, by their places among the script's arguments. */
  parameters: readonly { name: string; type: string; place: number }[];
}

/** Whether two functions look the same to their script. */
export function isSameSignature(first: Signature, second: Signature): boolean {
  return JSON.stringify({ ...first, name: '' }) === JSON.stringify({ ...second, name: '' });
}
