import { parseYaml } from '../functions/parse-yaml.ts';
import type { XmlElement } from '../functions/parse-xml.ts';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"\r]/g, (character) => escapes[character] ?? character);

/** Gives a function file in YAML as the XML that a ClickHouse server makes of it, or nothing if it is broken. */
export function yamlAsXml(text: string): string | undefined {
  const parsed = parseYaml(text);
  return 'fault' in parsed ? undefined : render(parsed.root);
}

function render({ name, attributes, text, children }: XmlElement): string {
  // No name of ClickHouse's has other characters; what XML cannot name is nothing that it would read.
  const isName = (word: string): boolean => /^[A-Za-z_][\w.-]*$/.test(word);
  const written = Object.entries(attributes)
    .filter(([attribute]) => isName(attribute))
    .map(([attribute, value]) => ` ${attribute}="${escapeXml(value)}"`);
  const inside = children.filter((child) => isName(child.name)).map(render);
  return `<${name}${written.join('')}>${escapeXml(text)}${inside.join('')}</${name}>`;
}
