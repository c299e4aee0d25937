import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { QueryError } from '../engine/query-error.ts';
import { quoteString } from '../engine/quote-string.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findCommandParameters } from '../functions/command-parameters.ts';
import type { Home } from '../home/open-home.ts';
import { openScratchEngine } from './open-checked-engine.ts';

/** Prints its arguments in hexadecimal, separated by commas. */
const script = String.raw`#!/bin/sh
cat >/dev/null
for argument in "$@"; do
  printf %s "$argument" | od -An -v -tx1 | tr -d ' \n'
  printf ,
done
echo`;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Gives each parameter of a command as ClickHouse writes it there: a String in quotes, a Date as a number. ClickHouse
 * tells: it runs a script that prints its arguments.
 *
 * @throws USAGE when a parameter has no value, a value no parameter, or is not of its type
 */
export async function renderParameters(
  home: Home,
  command: string,
  values: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<string, string>> {
  const parameters = new Map(findCommandParameters(command).map(({ name, type }) => [name, type]));
  for (const name of Object.keys(values)) {
    if (!parameters.has(name))
      throw new EmbedhouseError('USAGE', `the command '${command}' has no parameter {${name}}`);
  }
  const names = [...parameters.keys()];
  const missing = names.find((name) => values[name] === undefined);
  if (missing !== undefined) {
    const message = `the command '${command}' has the parameter {${missing}:${parameters.get(missing)}}; give it with --param ${missing}=VALUE`;
    throw new EmbedhouseError('USAGE', message);
  }
  if (names.length === 0) return new Map();
  const written = await askClickHouse(home, [...parameters], values);
  return new Map(names.map((name, index) => [name, Buffer.from(written[index] ?? '', 'hex').toString()]));
}

async function askClickHouse(
  home: Home,
  parameters: readonly (readonly [string, string])[],
  values: Readonly<Record<string, string>>,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'embedhouse-parameters-'));
  try {
    const words = parameters.map(([name, type]) => `{${name}:${type}}`).join(' ');
    const command = `print.sh ${words}`.replaceAll(/[&<>]/g, (character) => escapes[character] ?? character);
    await mkdir(join(folder, 'functions'));
    await writeFile(join(folder, 'print.sh'), script, { mode: 0o755 });
    await writeFile(
      join(folder, 'functions', 'print_function.xml'),
      `<functions><function><type>executable</type><name>printArguments</name><argument><type>String</type></argument><return_type>String</return_type><format>TabSeparated</format><command>${command}</command></function></functions>`,
    );
    await using engine = await openScratchEngine({
      ...home,
      functionsPath: join(folder, 'functions'),
      userScriptsPath: folder,
    });
    const literals = parameters.map(([name]) => quoteString(values[name] ?? '')).join(', ');
    const [row] = await engine.rows<{ words: string }>(`SELECT printArguments(${literals})('') AS words`);
    return row?.words.split(',') ?? [];
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    throw new EmbedhouseError('USAGE', `the parameters are not of their types: ${error.message}`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
