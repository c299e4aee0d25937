import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { createFile, createFunctionFile } from '../create-file.ts';
import type { PlannedScript } from './plan-script.ts';

export interface ScriptFolders {
  functionsPath: string;
  userScriptsPath: string;
}

/**
 * Writes the script and then the definition, which is what ClickHouse reads, and answers their paths. Neither is there
 * if one cannot be written.
 *
 * @throws FILE_UNUSABLE when there is such a file, or one cannot be written.
 */
export async function createScriptFiles(
  { function: { name, script }, scriptText, definitionText }: PlannedScript,
  { functionsPath, userScriptsPath }: ScriptFolders,
): Promise<{ script: string; definition: string }> {
  const path = join(userScriptsPath, script);
  await createFile(path, scriptText, { flag: '--user-scripts', isExecutable: true });
  try {
    return { script: path, definition: await createFunctionFile(functionsPath, name, definitionText) };
  } catch (error) {
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}
