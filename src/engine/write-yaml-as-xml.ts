import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isFunctionFile, isYaml } from '../functions/function-file-name.ts';
import { parseYaml } from '../functions/parse-yaml.ts';
import type { XmlElement } from '../functions/parse-xml.ts';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };
const escapeXml = (text: string): string =>
  text.replaceAll(/[&<>"\r]/g, (character) => escapes[character] ?? character);

/**
 * Writes each function file in YAML as the XML that a ClickHouse server makes of it, into a folder of the engine's own:
 * the embedded one is built without YAML, and passes over such a file in silence. Broken ones are left out, as there.
 */
export async function writeYamlAsXml(functionsPath: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = await readdir(functionsPath).catch(() => []);
  for (const name of names.filter((each) => isFunctionFile(each) && isYaml(each))) {
    const text = await readFile(join(functionsPath, name), 'utf8').catch(() => undefined);
    const parsed = text === undefined ? undefined : parseYaml(text);
    if (parsed === undefined || 'fault' in parsed) continue;
    await writeFile(join(folder, `${name}.xml`), render(parsed.root));
  }
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
