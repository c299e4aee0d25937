import sharp from 'sharp';
import { expect, test } from 'vitest';

import { listEmoji } from '../../src/demo/emoji-catalogue.ts';
import type { Emoji } from '../../src/demo/emoji-catalogue.ts';
import { renderEmoji } from '../../src/demo/emoji-pictures.ts';

const emoji = listEmoji();

function emojiNamed(caption: string): Emoji {
  const found = emoji.find((one) => one.caption === caption);
  if (found === undefined) throw new Error(`no emoji is called ${caption}`);
  return found;
}

async function decode(bytes: Buffer) {
  const { data, info } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: info.channels };
}

test('draws the same bytes every time', async () => {
  for (const one of emoji.slice(500, 506)) {
    const [first, second] = await Promise.all([renderEmoji(one), renderEmoji(one)]);
    expect(first.fileName).toBe(second.fileName);
    expect(first.bytes.equals(second.bytes)).toBe(true);
  }
});

test('draws JPEG, PNG and WebP files by turns, each in the format that its name says', async () => {
  const formatOf = { jpg: 'jpeg', png: 'png', webp: 'webp' } as const;
  const seen = new Set<string>();
  for (const one of emoji.slice(0, 9)) {
    const { fileName, bytes } = await renderEmoji(one);
    const extension = fileName.split('.').at(-1);
    const { format } = await sharp(bytes).metadata();
    expect(extension === 'jpg' || extension === 'png' || extension === 'webp').toBe(true);
    expect(format).toBe(formatOf[extension as keyof typeof formatOf]);
    seen.add(format);
  }
  expect([...seen].toSorted()).toEqual(['jpeg', 'png', 'webp']);
});

test('draws opaque pictures of different sizes, some of them not square, 160 to 640 pixels a side', async () => {
  const sizes = new Set<string>();
  let wide = 0;
  for (const one of emoji.slice(1000, 1040)) {
    const { data, width, height, channels } = await decode((await renderEmoji(one)).bytes);
    expect(channels).toBe(3);
    expect(data).toHaveLength(width * height * 3);
    for (const side of [width, height]) {
      expect(side).toBeGreaterThanOrEqual(160);
      expect(side).toBeLessThanOrEqual(640);
    }
    sizes.add(`${width}x${height}`);
    if (width !== height) wide += 1;
  }
  expect(sizes.size).toBeGreaterThan(30);
  expect(wide).toBeGreaterThan(10);
});

test('shows the emoji inside the central square that CLIP looks at', async () => {
  // A red circle: the brightest red outside the central square would be a part that CLIP does not see.
  const circle = emojiNamed('red circle');
  for (let variation = 0; variation < 12; variation += 1) {
    const { data, width, height } = await decode((await renderEmoji(circle, { variation })).bytes);
    const side = Math.min(width, height);
    const left = (width - side) / 2;
    const top = (height - side) / 2;
    // Twemoji's red circle is #DD2E44, 36 of 36 wide.
    let inside = 0;
    let outside = 0;
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        const at = (y * width + x) * 3;
        const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
        if (Math.abs(red - 0xdd) + Math.abs(green - 0x2e) + Math.abs(blue - 0x44) > 24) continue;
        if (x >= left && x < left + side && y >= top && y < top + side) inside += 1;
        else outside += 1;
      }
    }
    expect(inside).toBeGreaterThan(side * side * 0.25);
    expect(outside).toBe(0);
  }
});

test('gives another picture of the same emoji for another variation', async () => {
  const dog = emojiNamed('dog face');
  const [first, second] = await Promise.all([renderEmoji(dog), renderEmoji(dog, { variation: 1 })]);
  expect(first.bytes.equals(second.bytes)).toBe(false);
});

test('gives every emoji a file name of its own', async () => {
  const names = new Set<string>();
  const few = emoji.filter((one) => one.id % 10 === 0);
  for (const one of few) names.add((await renderEmoji(one)).fileName.toLowerCase());
  expect(names.size).toBe(few.length);
  for (const name of names) expect(name).toMatch(/^[0-9]{4}-[0-9a-z-]+\.(jpg|png|webp)$/);
});
