import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface CodeBlock {
  file: string;
  line: number;
  language: string;
  code: string;
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Reads a page by its path in the repository. */
export async function readPage(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8');
}

/** Reads the code blocks of the README and of all pages in docs/. */
export async function readCodeBlocks(): Promise<CodeBlock[]> {
  const docs = (await readdir(join(root, 'docs'))).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`);
  const blocks: CodeBlock[] = [];
  for (const file of ['README.md', ...docs]) {
    const text = await readPage(file);
    for (const match of text.matchAll(/^```(?<language>\w*)\n(?<code>[\s\S]*?)^```$/gm)) {
      const line = text.slice(0, match.index).split('\n').length;
      blocks.push({ file, line, language: match.groups?.['language'] ?? '', code: match.groups?.['code'] ?? '' });
    }
  }
  return blocks;
}
