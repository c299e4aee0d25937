import { wrapWords } from './wrap-words.ts';

/** An element of a function file: its text or the elements in it, and what there is to say about it. */
export interface FileElement {
  readonly name: string;
  readonly content: string | readonly FileElement[];
  readonly comment?: string;
}

const maxLineLength = 120;
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Writes a file with one function, as the shipped ones are laid out: a comment on what it does, then its elements, each
 * below its comment.
 */
export function renderFunctionFile(comment: string, elements: readonly FileElement[]): string {
  const lines = [
    '<functions>',
    ...renderComment(comment, '    '),
    ...renderElement({ name: 'function', content: elements }, '    '),
    '</functions>',
  ];
  return `${lines.join('\n')}\n`;
}

function renderElement({ name, content, comment }: FileElement, indent: string): string[] {
  const before = comment === undefined ? [] : renderComment(comment, indent);
  if (typeof content === 'string') return [...before, `${indent}<${name}>${escapeText(content)}</${name}>`];
  const inside = content.flatMap((element) => renderElement(element, `${indent}    `));
  return [...before, `${indent}<${name}>`, ...inside, `${indent}</${name}>`];
}

function renderComment(text: string, indent: string): string[] {
  // XML forbids two dashes in a comment; its end stays beside the last word.
  const words = text
    .replaceAll(/-(?=-)/g, '- ')
    .trim()
    .split(/\s+/);
  const all = ['<!--', ...words.slice(0, -1), `${words.at(-1)} -->`];
  return wrapWords(all, { first: indent, next: `${indent}     `, maxLineLength });
}

function escapeText(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => escapes[character] ?? character);
}
