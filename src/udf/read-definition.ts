import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { batchFormatNames, type BatchFormatName } from '../formats/rows/batch-format-name.ts';
import { readXml, type XmlElement } from './read-xml.ts';
import type { Signature } from './signature.ts';

/** A function of a definition file, as far as its script is concerned. */
export interface Definition {
  file: string;
  name: string;
  command: string;
  executeDirect: boolean;
  /** @throws FORMAT_INVALID when the script cannot serve the function */
  signature(): Signature;
}

/** Reads the functions of a `*_function.xml` file that ClickHouse has accepted. */
export function readDefinitions(file: string, xml: string): Definition[] {
  const [root] = readXml(xml).children;
  const functions = root?.children.filter(({ name }) => name.startsWith('function')) ?? [];
  return functions.map((element) => readDefinition(file, element));
}

function readDefinition(file: string, element: XmlElement): Definition {
  const option = (name: string): string | undefined => element.children.find((child) => child.name === name)?.text;
  const name = option('name') ?? '';
  const command = option('command') ?? '';
  const executeDirect = isTrue(option('execute_direct') ?? '1');
  const signature = (): Signature => {
    const typed = element.children
      .filter((child) => child.name.startsWith('argument'))
      .map(({ children }, index) => {
        const part = (wanted: string): string | undefined => children.find((child) => child.name === wanted)?.text;
        return { name: part('name') ?? `c${index + 1}`, type: part('type') ?? '' };
      });
    return {
      name,
      arguments: typed,
      returns: option('return_type') ?? '',
      returnName: option('return_name') ?? 'result',
      format: readFormat(option('format') ?? '', `${name} (${file})`),
      chunkHeader: isTrue(option('send_chunk_header') ?? '0'),
      parameters: executeDirect ? findParameters(command) : [],
    };
  };
  return { file, name, command, executeDirect, signature };
}

/** Gives a format by its name. @throws FORMAT_INVALID for one in which no function is served */
export function readFormat(text: string, where: string): BatchFormatName {
  const format = batchFormatNames.find((name) => name === (text === 'TSV' ? 'TabSeparated' : text));
  if (format !== undefined) return format;
  throw new EmbedhouseError(
    'FORMAT_INVALID',
    `the format of ${where} is '${text}', and functions are served in ${batchFormatNames.join(', ')}: choose one of them in its <format>`,
  );
}

function isTrue(text: string): boolean {
  return /^(true|yes|on|[1-9]\d*)$/i.test(text.trim());
}

const parameter = /^\{\s*(?<name>\w+)\s*:\s*(?<type>.+?)\s*\}$/;

/** ClickHouse splits a command at single spaces, and puts a parameter's value in the place of `{name:Type}`. */
export function splitCommand(command: string): string[] {
  return command.match(/\{[^{}]*\}|[^ ]+|(?<= )(?= )/g) ?? [];
}

export function isParameter(word: string): boolean {
  return parameter.test(word);
}

function findParameters(command: string): Signature['parameters'] {
  return splitCommand(command).flatMap((word, index) => {
    const groups = parameter.exec(word)?.groups;
    if (groups?.['name'] === undefined || groups['type'] === undefined) return [];
    return [{ name: groups['name'], type: groups['type'], place: index - 1 }];
  });
}
