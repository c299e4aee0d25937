import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

interface EmojibaseEntry {
  readonly label: string;
  readonly tags?: readonly string[];
}

const require = createRequire(import.meta.url);

/** Languages of emojibase-data of several scripts; English comes first and has half of the sample. */
const languages = ['de', 'es', 'fr', 'it', 'nl', 'pl', 'pt', 'ru', 'uk', 'ja', 'ko', 'zh', 'hi', 'th'] as const;
const pictureSide = 256;

/**
 * Gives up to `count` different texts from emojibase-data: names of emoji, half of them in English with some of their
 * tags behind them, like short captions. The same in every run with the same package.
 */
export function sampleTexts(count: number): string[] {
  const english = readEntries('en');
  const translations = languages.map(readEntries);
  const texts = new Set<string>();
  for (let index = 0; texts.size < count && index < english.length * languages.length; index += 1) {
    const { label, tags = [] } = english[index % english.length] ?? { label: '' };
    const round = Math.floor(index / english.length);
    texts.add([label, ...tags.slice(round, round + 3)].join(', '));
    const translation = translations[(index + round) % languages.length];
    const translated = translation?.[index % translation.length]?.label;
    if (translated !== undefined && texts.size < count) texts.add(translated);
  }
  return [...texts];
}

/**
 * Lists up to `count` drawings of @twemoji/svg, evenly over the package: their paths, for `drawPicture`. The same in
 * every run with the same package.
 */
export function sampleDrawings(count: number): string[] {
  const folder = dirname(require.resolve('@twemoji/svg/package.json'));
  const drawings = readdirSync(folder)
    .filter((name) => name.endsWith('.svg'))
    .toSorted();
  const wanted = Math.min(count, drawings.length);
  return Array.from({ length: wanted }, (_, index) =>
    join(folder, drawings[Math.floor((index * drawings.length) / wanted)] ?? ''),
  );
}

/** Draws one drawing on a plain background whose hue goes by `index`; gives an image file. */
export async function drawPicture(path: string, index: number): Promise<Uint8Array> {
  const background = `hsl(${(index * 47) % 360}, 45%, 75%)`;
  const image = sharp(await readFile(path), { density: 72 * (pictureSide / 36) }).resize(pictureSide, pictureSide);
  return image.flatten({ background }).png({ compressionLevel: 0 }).toBuffer();
}

function readEntries(language: string): readonly EmojibaseEntry[] {
  // The package ships this JSON with exactly these fields (emojibase-data/<language>/data.json).
  return require(`emojibase-data/${language}/data.json`) as readonly EmojibaseEntry[];
}
