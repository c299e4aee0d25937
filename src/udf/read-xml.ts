/** An element of a definition file: its own text, without that of its children. */
export interface XmlElement {
  name: string;
  attributes: string;
  text: string;
  children: XmlElement[];
}

const piece =
  /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[(?<cdata>[^]*?)\]\]>|<(?<closing>\/?)(?<name>[^\s/>!?]+)(?<attributes>(?:[^>"']|"[^"]*"|'[^']*')*?)(?<single>\/?)>|(?<text>[^<]+)/g;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/**
 * Reads the elements of a file that ClickHouse has accepted, and of which nothing needs to be judged. Each start of a
 * script pays for it: loading an XML parser takes as long as half of Node's own start.
 */
export function readXml(xml: string): XmlElement {
  const root: XmlElement = { name: '', attributes: '', text: '', children: [] };
  const open = [root];
  for (const { groups = {} } of xml.matchAll(piece)) {
    const parent = open.at(-1) ?? root;
    const { cdata, closing, name, attributes = '', single, text } = groups;
    if (text !== undefined) parent.text += text.replaceAll(/&(?:#(x?)([\da-f]+)|(\w+));/gi, decodeEntity);
    else if (cdata !== undefined) parent.text += cdata;
    else if (name !== undefined && closing === '/') open.pop();
    else if (name !== undefined) {
      const element = { name, attributes, text: '', children: [] };
      parent.children.push(element);
      if (single !== '/') open.push(element);
    }
  }
  return root;
}

function decodeEntity(whole: string, hex: string | undefined, code: string | undefined, name: string): string {
  if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, hex === '' ? 10 : 16));
  return entities[name] ?? whole;
}
