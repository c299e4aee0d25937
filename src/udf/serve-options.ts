import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { readFormat } from './read-definition.ts';
import { findSignature } from './find-signature.ts';
import type { Signature } from './signature.ts';

/** How a function is served. */
export interface ServeOptions {
  /** The function's name in SQL: which of several definitions that start this script. */
  function?: string;
  /** Most rows that an async function works on at a time. @default 16 */
  concurrency?: number;
  /** Whether String and FixedString arrive as Buffers, and not as text. Not with JSONEachRow. @default false */
  bytes?: boolean;
  /** Runs before the process ends, at the end of the input or at SIGTERM. */
  close?: () => void | Promise<void>;
}

/** Options of a function of whole blocks. */
export interface BlockOptions extends Omit<ServeOptions, 'concurrency'> {
  /** Most rows of one call. @default as many as ClickHouse sends at a time */
  maxRows?: number;
}

/** A function's types and format, given in the script: its definition is then not read, and must say the same. */
export interface TypesInCode<Types extends readonly string[] = readonly string[]> {
  arguments: Types;
  returns: string;
  format: string;
  /** As `<send_chunk_header>`. @default false */
  chunkHeader?: boolean;
  /** As `<return_name>`. @default 'result' */
  returnName?: string;
}

/**
 * Gives what a script needs to know of its function, from the script itself or from its definition.
 * @throws FUNCTIONS_INVALID, FORMAT_INVALID
 */
export function signatureOf(options: ServeOptions & Partial<TypesInCode>): Signature {
  const { arguments: types, returns, format } = options;
  const given = [types, returns, format].filter((part) => part !== undefined).length;
  if (types === undefined || returns === undefined || format === undefined) {
    if (given > 0) {
      throw new EmbedhouseError(
        'FUNCTIONS_INVALID',
        'serve was given only a part of arguments, returns and format: give all three, or none to read the definition',
      );
    }
    return ownSignature(options.function);
  }
  const name = options.function ?? process.argv[1]?.split('/').at(-1) ?? '?';
  return {
    name,
    arguments: types.map((type, index) => ({ name: `c${index + 1}`, type })),
    returns,
    returnName: options.returnName ?? 'result',
    format: readFormat(format, name),
    chunkHeader: options.chunkHeader ?? false,
    parameters: [],
  };
}

const found = new Map<string | undefined, Signature>();

/** Gives the signature of the function that this process was started for. @throws FUNCTIONS_INVALID, FORMAT_INVALID */
export function ownSignature(functionName: string | undefined): Signature {
  const known = found.get(functionName);
  if (known !== undefined) return known;
  const [, path = '', ...rest] = process.argv;
  const signature = findSignature({
    path,
    arguments: rest,
    functionsPath: process.env['EMBEDHOUSE_FUNCTIONS'],
    functionName,
  });
  found.set(functionName, signature);
  return signature;
}
