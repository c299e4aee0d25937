import type { KitHome } from '../udf/kit-home.ts';
import { readCodeBlocks, type CodeBlock } from './read-code-blocks.ts';

/** What a page shows of functions: their scripts and definitions, and queries with what they give. */
export interface PageExamples {
  blocks: CodeBlock[];
  /** Blocks that begin with `#!` and the script's name. */
  scripts: { name: string; code: string }[];
  /** Blocks of XML. */
  definitions: CodeBlock[];
  /** Blocks of SQL that have their result directly after them. */
  queries: { line: number; sql: string; result: string }[];
}

/** Reads the examples of a page by its path in the repository. */
export async function readPageExamples(file: string): Promise<PageExamples> {
  const blocks = (await readCodeBlocks()).filter((block) => block.file === file);
  return {
    blocks,
    scripts: blocks.flatMap(({ code }) => {
      const name = /^#!.*\n(?:\/\/|#) user_scripts\/(?<name>\S+)\n/.exec(code)?.groups?.['name'];
      return name === undefined ? [] : [{ name, code }];
    }),
    definitions: blocks.filter(({ language }) => language === 'xml'),
    queries: blocks.flatMap(({ language, code, line }, index) => {
      const next = blocks[index + 1];
      return language === 'sql' && next?.language === 'text' ? [{ line, sql: code, result: next.code }] : [];
    }),
  };
}

/** Does what the page's reader does: puts its scripts and definitions into a home. */
export async function addExamples(home: KitHome, { scripts, definitions }: PageExamples): Promise<void> {
  for (const { name, code } of scripts) await home.addFile(`user_scripts/${name}`, code, 0o755);
  for (const { line, code } of definitions) await home.addFile(`functions/line${line}_function.xml`, code);
}
