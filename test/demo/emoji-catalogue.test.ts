import { existsSync } from 'node:fs';

import { expect, test } from 'vitest';

import { listEmoji } from '../../src/demo/emoji-catalogue.ts';

test('lists about 1 900 emoji, numbered from 0, in the same order every time', () => {
  const emoji = listEmoji();
  expect(emoji.length).toBeGreaterThan(1_800);
  expect(emoji.map((one) => one.id)).toEqual(emoji.map((_, index) => index));
  expect(listEmoji()).toEqual(emoji);
});

test('finds the drawing of each emoji, with and without variation selectors and leading zeros', () => {
  const emoji = listEmoji();
  expect(emoji.filter((one) => !existsSync(one.svgPath))).toEqual([]);
  const drawingOf = (caption: string) =>
    emoji
      .find((one) => one.caption === caption)
      ?.svgPath.split('/')
      .at(-1);
  expect(drawingOf('dog face')).toBe('1f436.svg');
  expect(drawingOf('keycap: 9')).toBe('39-20e3.svg');
  expect(drawingOf('copyright')).toBe('a9.svg');
  expect(drawingOf('man police officer')).toBe('1f46e-200d-2642-fe0f.svg');
});

test('gives each emoji a caption of its own and leaves out the variants by skin tone', () => {
  const emoji = listEmoji();
  expect(new Set(emoji.map((one) => one.caption)).size).toBe(emoji.length);
  expect(emoji.filter((one) => /: .*skin tone/.test(one.caption))).toEqual([]);
});
