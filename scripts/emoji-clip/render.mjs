#!/usr/bin/env node
// Draws what training and evaluation need, once: `node scripts/emoji-clip/render.mjs OUT` (after `npm run build`).
//   OUT/emoji.json       id, caption, tags, and the file of both pictures of each emoji
//   OUT/emoji.rgba       each emoji alone on transparency, RGBA, SIDE x SIDE bytes x 4, in the order of the ids
//   OUT/pictures/*       the demo's pictures
//   OUT/others/*         the same emoji on another background, at another size and in another format
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { argv, exit, stderr } from 'node:process';

import sharp from 'sharp';

import { listEmoji } from '../../dist/demo/emoji-catalogue.js';
import { renderEmoji } from '../../dist/demo/emoji-pictures.js';

const side = 224;
const viewBoxSide = 36;
const pointsPerInch = 72;
const out = argv[2];
if (out === undefined) {
  stderr.write('usage: node scripts/emoji-clip/render.mjs OUT\n');
  exit(2);
}
await mkdir(path.join(out, 'pictures'), { recursive: true });
await mkdir(path.join(out, 'others'), { recursive: true });
const emoji = listEmoji();
const rgba = await open(path.join(out, 'emoji.rgba'), 'w');
const rows = [];
for (const one of emoji) {
  const density = (pointsPerInch * side) / viewBoxSide;
  const pixels = await sharp(await readFile(one.svgPath), { density })
    .resize(side, side, { fit: 'fill' })
    .ensureAlpha()
    .raw()
    .toBuffer();
  await rgba.write(pixels);
  const files = [];
  for (const [variation, folder] of ['pictures', 'others'].entries()) {
    const picture = await renderEmoji(one, { variation });
    files.push(path.join(folder, picture.fileName));
    await writeFile(path.join(out, folder, picture.fileName), picture.bytes);
  }
  rows.push({ id: one.id, caption: one.caption, tags: one.tags, picture: files[0], other: files[1] });
  if (one.id % 100 === 99) stderr.write(`\r${one.id + 1} of ${emoji.length} emoji drawn`);
}
await rgba.close();
await writeFile(path.join(out, 'emoji.json'), JSON.stringify({ side, emoji: rows }));
stderr.write(`\r${emoji.length} of ${emoji.length} emoji drawn\n`);
