import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** Where the recorded model folder `tiny-clip` lies. */
export const modelsPath = fileURLToPath(new URL('../fixtures', import.meta.url));
export const tinyClipPath = fileURLToPath(new URL('../fixtures/tiny-clip', import.meta.url));
export const imagesPath = fileURLToPath(new URL('../fixtures/images', import.meta.url));

export interface Expected {
  texts: { title: string; text: string; ids: number[]; vector: number[] }[];
  images: { file: string; vector: number[] }[];
}

/** Reads what scripts/fixtures/tiny-clip.py recorded from PyTorch and Hugging Face's tokenizers. */
export async function readExpected(): Promise<Expected> {
  const recorded: Expected = JSON.parse(await readFile(`${tinyClipPath}/expected.json`, 'utf8'));
  const texts = recorded.texts.map((row) => ({ ...row, title: JSON.stringify(row.text.slice(0, 60)) }));
  return { ...recorded, texts };
}

/** Gives the greatest difference between two vectors in any component. */
export function greatestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Math.max(...Array.from(a, (value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
}
