import { readFile } from 'node:fs/promises';

import sharp from 'sharp';

import type { Emoji } from './emoji-catalogue.ts';
import { chooseEmojiLayout } from './emoji-layout.ts';
import type { EmojiLayout } from './emoji-layout.ts';

/** An encoded picture, and a file name that no other emoji has. */
export interface EmojiPicture {
  readonly fileName: string;
  readonly bytes: Buffer;
}

export interface RenderEmojiOptions {
  /**
   * Which of the layouts to draw; the demo shows 0.
   * @default 0
   */
  readonly variation?: number;
}

const extensions = { jpeg: 'jpg', png: 'png', webp: 'webp' } as const;

function placeOnBackground(drawing: string, layout: EmojiLayout): string {
  const { width, height, background, gradientAngle, side, left, top } = layout;
  const placed = drawing.replace('<svg ', `<svg x="${left}" y="${top}" width="${side}" height="${side}" `);
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<linearGradient id="embedhouse-background" gradientTransform="rotate(${gradientAngle} 0.5 0.5)">` +
    `<stop offset="0" stop-color="${background[0]}"/><stop offset="1" stop-color="${background[1]}"/>` +
    `</linearGradient><rect width="100%" height="100%" fill="url(#embedhouse-background)"/>${placed}</svg>`
  );
}

function fileNameOf(emoji: Emoji, format: EmojiLayout['format']): string {
  const words = emoji.caption
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `${String(emoji.id).padStart(4, '0')}-${words === '' ? emoji.hexcode.toLowerCase() : words}.${extensions[format]}`;
}

/**
 * Draws one emoji on a background of its own as a JPEG, PNG or WebP file, 160 to 640 pixels a side. The same emoji
 * and options give the same bytes.
 */
export async function renderEmoji(emoji: Emoji, options: RenderEmojiOptions = {}): Promise<EmojiPicture> {
  const layout = chooseEmojiLayout(emoji.id, options.variation ?? 0);
  const drawing = await readFile(emoji.svgPath, 'utf8');
  const picture = sharp(Buffer.from(placeOnBackground(drawing, layout))).removeAlpha();
  const quality = { jpeg: { quality: 88 }, png: { compressionLevel: 6 }, webp: { quality: 85, effort: 2 } } as const;
  const bytes = await picture.toFormat(layout.format, quality[layout.format]).toBuffer();
  return { fileName: fileNameOf(emoji, layout.format), bytes };
}
