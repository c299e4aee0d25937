import { chmod, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ScriptFix, ScriptRepair } from './function-problem.ts';

/** What a repair has done, for the user. */
export const repairsDone: Readonly<Record<ScriptRepair, string>> = {
  'make-executable': 'made executable',
  'use-lf-line-ends': 'given LF line endings',
  'remove-byte-order-mark': 'freed of its byte order mark',
};

const byteOrderMark = '\u00ef\u00bb\u00bf';

/**
 * Repairs a script in its place; whoever may read it may then execute it, and nothing else about the file changes.
 *
 * @throws FILE_UNUSABLE when it cannot be written.
 */
export async function repairScript({ repair, path }: ScriptFix): Promise<void> {
  try {
    const { mode } = await stat(path);
    if (repair === 'make-executable') {
      await chmod(path, mode | ((mode & 0o444) >> 2));
      return;
    }
    // One character for each byte, whatever the script's encoding.
    const text = await readFile(path, 'latin1');
    const repaired =
      repair === 'use-lf-line-ends'
        ? text.replaceAll('\r\n', '\n')
        : text.slice(text.startsWith(byteOrderMark) ? byteOrderMark.length : 0);
    await replaceFile(path, repaired, mode);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbedhouseError(
      'FILE_UNUSABLE',
      `script ${path} cannot be repaired (${reason}); make it and its folder writable, or repair it by hand`,
      { cause },
    );
  }
}

/** A call that starts the script meanwhile finds the old one or the new one whole. */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const partial = `${path}.partial-${process.pid}`;
  try {
    await writeFile(partial, text, { encoding: 'latin1', mode: 0o600, flag: 'wx' });
    await chmod(partial, mode);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
