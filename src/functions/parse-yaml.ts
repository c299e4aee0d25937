import { Alias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, Scalar } from 'yaml';
import type { Document, Node, Pair } from 'yaml';

import type { Position } from './function-definition.ts';
import type { XmlElement } from './parse-xml.ts';

export type ParsedYaml =
  | { root: XmlElement; isList: boolean; secondDocument: Position | undefined }
  | { fault: Position & { message: string } };

interface Context {
  document: Document;
  lines: LineCounter;
  aliasesLeft: number;
}

/** More than anyone writes, and soon reached by aliases that hold themselves or each other. */
const maxAliases = 1000;

/** An element while its children are still added. */
interface OpenElement extends XmlElement {
  attributes: Record<string, string>;
  children: OpenElement[];
}

class YamlFault extends Error {
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.position = position;
  }
}

/**
 * Parses YAML into the elements that ClickHouse makes of it, with their positions: a mapping's keys become elements, a
 * list repeats the element it stands in, every scalar is its text, a key `@x` is an attribute, `#text` the element's text.
 * Of several documents ClickHouse reads the first.
 * Source: ClickHouse's Common/Config/YAMLParser; the tests compare with its library, yaml-cpp.
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter();
  // In the failsafe schema scalars are texts: `yes`, `0x10` and `1e3` reach ClickHouse as they are written.
  const documents = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
  });
  const [document, second] = Array.isArray(documents) ? documents : [];
  const root: OpenElement = { name: 'clickhouse', line: 1, column: 1, attributes: {}, text: '', children: [] };
  if (!document) return { root, isList: false, secondDocument: undefined };
  const context: Context = { document, lines, aliasesLeft: maxAliases };
  const [error] = document.errors;
  if (error) {
    const message = error.message.charAt(0).toLowerCase() + error.message.slice(1);
    return { fault: { ...place(error.pos[0], lines), message } };
  }
  const { contents } = document;
  try {
    if (isSeq<Node>(contents)) for (const item of contents.items) addNode(item, root, root, context);
    else addNode(contents, root, root, context);
  } catch (cause) {
    if (cause instanceof YamlFault) return { fault: { ...cause.position, message: cause.message } };
    throw cause;
  }
  const isList = isSeq(contents) && contents.items.length > 1;
  return { root, isList, secondDocument: second && place(second.range[0], lines) };
}

/** Adds what a node says to its element; `parent` takes the repetitions that a list makes of the element. */
function addNode(given: unknown, element: OpenElement, parent: OpenElement, context: Context): void {
  const node = resolve(given, context);
  if (isScalar(node)) {
    element.text += scalarText(node);
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) {
      addNode(item, index === 0 ? element : addChild(parent, element.name, item, context), parent, context);
    }
  } else if (isMap(node)) {
    for (const pair of node.items) addPair(pair, element, context);
  }
}

function addPair(pair: Pair, element: OpenElement, context: Context): void {
  const key = resolve(pair.key, context);
  if (key !== null && !isScalar(key)) throw new YamlFault('a key is not a word', positionOf(key, context));
  const name = key === null || isNull(key) ? 'null' : String(key.value);
  const value = resolve(pair.value, context);
  if (isScalar(value) && !isNull(value) && name.startsWith('@')) {
    element.attributes[name.slice(1)] = String(value.value);
  } else if (isScalar(value) && !isNull(value) && name === '#text') {
    element.text += String(value.value);
  } else {
    addNode(pair.value, addChild(element, name, pair.key, context), element, context);
  }
}

function addChild(parent: OpenElement, name: string, at: unknown, context: Context): OpenElement {
  const child = { name, ...positionOf(at, context), attributes: {}, text: '', children: [] };
  parent.children.push(child);
  return child;
}

function resolve(node: unknown, context: Context): unknown {
  if (!(node instanceof Alias)) return node;
  context.aliasesLeft -= 1;
  if (context.aliasesLeft < 0) throw new YamlFault('there are too many aliases', positionOf(node, context));
  const target = node.resolve(context.document);
  if (!target) throw new YamlFault(`'*${node.source}' names nothing`, positionOf(node, context));
  return target;
}

function scalarText(scalar: Scalar): string {
  return isNull(scalar) ? '' : String(scalar.value);
}

/** What yaml-cpp takes for nothing at all, and so for an empty element. */
function isNull(scalar: Scalar): boolean {
  const { value } = scalar;
  if (value === null) return true;
  const isPlain = scalar.type === undefined || scalar.type === Scalar.PLAIN;
  return isPlain && scalar.tag === undefined && typeof value === 'string' && /^(?:|~|null|Null|NULL)$/.test(value);
}

function positionOf(node: unknown, { lines }: Context): Position {
  const target = isPair(node) ? node.key : node;
  const hasRange = typeof target === 'object' && target !== null && 'range' in target && Array.isArray(target.range);
  const [start]: unknown[] = hasRange ? (target.range as unknown[]) : []; // A node's range is an array of offsets.
  return place(typeof start === 'number' ? start : 0, lines);
}

function place(offset: number, lines: LineCounter): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}
