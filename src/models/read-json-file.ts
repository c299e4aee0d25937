import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/**
 * Reads one JSON file of a model folder and checks its shape.
 *
 * @throws MODEL_INVALID when the file is missing, is not JSON, or has a field of the wrong type (the field is named).
 */
export async function readJsonFile<T>(folderPath: string, file: string, schema: z.ZodType<T>): Promise<T> {
  const path = join(folderPath, file);
  const parsed = schema.safeParse(parseJson(path, await readText(folderPath, path, file)));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? 'the top level' : `field ${issue.path.join('.')}`;
  throw new EmbedhouseError(
    'MODEL_INVALID',
    `${path}: ${field} is wrong (${issue?.message ?? 'unknown shape'}); copy the file again from where the model came from`,
  );
}

async function readText(folderPath: string, path: string, file: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `the model folder ${folderPath} has no readable ${file} (${describe(cause)}); copy the file there from where the model came from`,
      { cause },
    );
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `${path} is not valid JSON (${describe(cause)}); copy the file again from where the model came from`,
      { cause },
    );
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
