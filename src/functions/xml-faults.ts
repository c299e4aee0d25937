/** Entities of XML itself; any other needs a DOCTYPE. */
const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const commentOrSection = /<!--([\s\S]*?)-->|<!\[CDATA\[[\s\S]*?\]\]>/g;

/**
 * Finds what makes ClickHouse's parser (expat) refuse a document although fast-xml-parser takes it: control
 * characters, `--` in a comment, an entity or character that does not exist, `]]>` outside a section.
 */
export function findXmlFault(text: string): { offset: number; message: string } | undefined {
  // oxlint-disable-next-line no-control-regex -- these are the characters that XML 1.0 forbids
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.exec(text);
  if (control) {
    const code = control[0].charCodeAt(0).toString(16).padStart(4, '0');
    return { offset: control.index, message: `character U+${code.toUpperCase()} is not allowed in XML` };
  }
  for (const match of text.matchAll(commentOrSection)) {
    const dashes = match[1] === undefined ? -1 : `${match[1]}-`.indexOf('--');
    if (dashes !== -1) {
      return { offset: match.index + '<!--'.length + dashes, message: "'--' is not allowed inside a comment" };
    }
  }
  const bare = text.replace(commentOrSection, (skipped) => ' '.repeat(skipped.length));
  // A DOCTYPE may define entities, and end with these very brackets.
  if (bare.includes('<!DOCTYPE')) return undefined;
  const sectionEnd = bare.indexOf(']]>');
  if (sectionEnd !== -1) return { offset: sectionEnd, message: "']]>' closes no section" };
  for (const { index, 0: reference } of bare.matchAll(/&[\w.#-]+;/g)) {
    if (decodeEntities(reference) === reference) return { offset: index, message: `'${reference}' is not defined` };
  }
  return undefined;
}

/** Replaces XML's own entities and numeric character references; leaves others as they stand. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return Object.hasOwn(entities, name) ? (entities[name] ?? whole) : whole;
    const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return isXmlCharacter(codePoint) ? String.fromCodePoint(codePoint) : whole;
  });
}

/** Source: the production `Char` of https://www.w3.org/TR/xml/#charsets. */
function isXmlCharacter(codePoint: number): boolean {
  if (codePoint < 0x20) return codePoint === 0x9 || codePoint === 0xa || codePoint === 0xd;
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return codePoint <= 0x10ffff && !isSurrogate && codePoint !== 0xfffe && codePoint !== 0xffff;
}
