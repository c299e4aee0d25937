import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { findsKit } from '../udf/finds-kit.ts';
import type { ScriptFault } from './function-problem.ts';

/** Looks whether a script finds the kit that it imports; `text` is its own. */
export async function checkKit(script: string, path: string, text: string): Promise<ScriptFault[]> {
  // Both look from where a link to the script leads.
  const real = await realpath(path).catch(() => path);
  if (/^(?:import\b[^;]*|\}) from ['"]embedhouse\/udf['"]/m.test(text) && !findsKit(real)) {
    const message = `script '${script}' imports 'embedhouse/udf', which Node does not find from there`;
    return [{ message, remedy: 'run npm install embedhouse in the folder above user_scripts/' }];
  }
  const isPython = /^(?:from embedhouse_udf import|import embedhouse_udf)\b/m.test(text);
  if (isPython && !existsSync(join(dirname(real), 'embedhouse_udf.py'))) {
    const message = `script '${script}' imports embedhouse_udf, which is not beside it`;
    return [
      { severity: 'warning', message, remedy: "copy embedhouse_udf.py there from embedhouse's own user_scripts/" },
    ];
  }
  return [];
}
