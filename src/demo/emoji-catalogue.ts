import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** One emoji without skin tone: its name and tags from emojibase-data, its drawing from Twemoji. */
export interface Emoji {
  /** Position in the catalogue, from 0; the same in every run with the same packages. */
  readonly id: number;
  /** Code points in hexadecimal, joined by `-`, as emojibase-data writes them. */
  readonly hexcode: string;
  /** The emoji's English name, such as `dog face`. */
  readonly caption: string;
  readonly tags: readonly string[];
  /** Absolute path of the drawing, an SVG with the view box `0 0 36 36`. */
  readonly svgPath: string;
}

interface EmojibaseEntry {
  readonly label: string;
  readonly hexcode: string;
  readonly tags?: readonly string[];
}

const require = createRequire(import.meta.url);

// Twemoji leaves the variation selector out of most names and leading zeros out of all.
function drawingNames(hexcode: string): string[] {
  const points = hexcode
    .toLowerCase()
    .split('-')
    .map((point) => point.replace(/^0+/, ''));
  return [points.join('-'), points.filter((point) => point !== 'fe0f').join('-')];
}

/**
 * Lists the emoji of emojibase-data, skin tones left out, that Twemoji has a drawing of: about 1 900, in
 * emojibase-data's order.
 */
export function listEmoji(): Emoji[] {
  // The package ships this JSON with exactly these fields (emojibase-data/en/data.json).
  const entries = require('emojibase-data/en/data.json') as readonly EmojibaseEntry[];
  const folder = path.dirname(require.resolve('@twemoji/svg/package.json'));
  const drawings = new Set(readdirSync(folder));
  const emoji: Emoji[] = [];
  for (const { label, hexcode, tags = [] } of entries) {
    const drawing = drawingNames(hexcode)
      .map((name) => `${name}.svg`)
      .find((name) => drawings.has(name));
    if (drawing === undefined) continue;
    emoji.push({ id: emoji.length, hexcode, caption: label, tags, svgPath: path.join(folder, drawing) });
  }
  return emoji;
}
