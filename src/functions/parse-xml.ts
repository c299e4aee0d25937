import { XMLParser, XMLValidator } from 'fast-xml-parser';

import type { Position } from './function-definition.ts';
import { positionAt } from './position-at.ts';
import { findXmlFault, decodeEntities } from './xml-faults.ts';

/** An element with its own text (children's text left out) exactly as written, since ClickHouse keeps white space too. */
export interface XmlElement extends Position {
  name: string;
  attributes: Readonly<Record<string, string>>;
  text: string;
  children: readonly XmlElement[];
}

export type ParsedXml = { root: XmlElement } | { fault: Position & { message: string } };

/** What fast-xml-parser's `preserveOrder` gives: the tag's name as a key with its children, attributes under `:@`. */
type OrderedNode = Record<string, unknown>;

const parser = new XMLParser({
  preserveOrder: true,
  captureMetaData: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  cdataPropName: '#cdata',
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
});

/** Declared as `Symbol` by fast-xml-parser, so that its being a `symbol` must be shown. */
const metaData: unknown = XMLParser.getMetaDataSymbol();

/** Parses a whole XML document into elements with their positions, or says where and why it is not well-formed. */
export function parseXml(text: string): ParsedXml {
  const fault = findXmlFault(text);
  if (fault) return { fault: { ...positionAt(text, fault.offset), message: fault.message } };
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    // Faults of the whole document have no column, although fast-xml-parser declares one.
    const { msg, line, col }: { msg: string; line: number; col?: number } = verdict.err;
    const message = msg.charAt(0).toLowerCase() + msg.slice(1).replace(/\.$/, '');
    return { fault: { line, column: col ?? 1, message } };
  }
  try {
    const [root, second] = readElements(toNodes(parser.parse(text)), text);
    if (!root) return { fault: { line: 1, column: 1, message: 'there is no element' } };
    // fast-xml-parser's validator lets a second root pass when it is empty.
    if (!second) return { root };
    return { fault: { line: second.line, column: second.column, message: 'there are two outermost elements' } };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { fault: { line: 1, column: 1, message } };
  }
}

function readElements(nodes: readonly OrderedNode[], text: string): XmlElement[] {
  const elements: XmlElement[] = [];
  for (const node of nodes) {
    const name = Object.keys(node).find((key) => key !== ':@');
    if (name === undefined || name.startsWith('#') || name.startsWith('?')) continue;
    const content = toNodes(node[name]);
    elements.push({
      name,
      ...positionAt(text, startOffset(node)),
      attributes: readAttributes(node[':@']),
      text: ownText(content),
      children: readElements(content, text),
    });
  }
  return elements;
}

function toNodes(value: unknown): OrderedNode[] {
  return Array.isArray(value) ? value : [];
}

function readAttributes(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(value ?? {}).map(([name, text]) => [name, decodeEntities(String(text))]));
}

function startOffset(node: OrderedNode): number {
  const data: unknown = typeof metaData === 'symbol' ? Reflect.get(node, metaData) : undefined;
  const hasStart = typeof data === 'object' && data !== null && 'startIndex' in data;
  return hasStart && typeof data.startIndex === 'number' ? data.startIndex : 0;
}

function ownText(content: readonly OrderedNode[]): string {
  let text = '';
  for (const node of content) {
    if (typeof node['#text'] === 'string') text += decodeEntities(node['#text']);
    for (const part of toNodes(node['#cdata'])) if (typeof part['#text'] === 'string') text += part['#text'];
  }
  return text;
}
