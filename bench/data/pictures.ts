import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import sharp from 'sharp';

import { RandomWeights } from '../model/random-weights.ts';
import { createRandom, type Random } from '../random.ts';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A folder of JPEG files of one size. */
export interface Pictures extends PictureSize {
  readonly name: string;
  readonly paths: readonly string[];
}

/** Raised whenever the pictures that are made here change. */
const recipe = 'pictures-1';

/**
 * Renders JPEG files (quality 85 to 90) that cost what photographs cost: smooth shapes with edges and sensor noise,
 * about 0.2 bytes a pixel. Files that exist are kept. With `vary`, sides differ by up to a tenth.
 */
export async function renderPictures(
  folder: string,
  count: number,
  { width, height }: PictureSize,
  { vary = 0, signal }: { vary?: number; signal: AbortSignal },
): Promise<Pictures> {
  const name = `${width}x${height}`;
  const path = join(folder, recipe, name);
  await mkdir(path, { recursive: true });
  const paths: string[] = [];
  for (let index = 0; index < count; index++) {
    signal.throwIfAborted();
    const file = join(path, `${index}.jpg`);
    paths.push(file);
    if (existsSync(file)) continue;
    const random = createRandom(width * 1_000_003 + index);
    const varied = (side: number): number => Math.round(side * (1 + vary * (2 * random() - 1)));
    await writeFile(`${file}.part`, await renderPicture(random, { width: varied(width), height: varied(height) }));
    await rename(`${file}.part`, file);
  }
  return { name, width, height, paths };
}

async function renderPicture(random: Random, { width, height }: PictureSize): Promise<Buffer> {
  const raw = { width, height, channels: 3 } as const;
  const noise = new RandomWeights(Math.floor(random() * 2 ** 32)).draw(width * height * 3, 14, 128);
  return sharp(Buffer.from(drawScene(random, { width, height })))
    .removeAlpha()
    .composite([{ input: Buffer.from(Uint8Array.from(noise)), raw, blend: 'soft-light' }])
    .jpeg({ quality: 85 + Math.floor(random() * 6) })
    .toBuffer();
}

/** A sky of two colours and forty ellipses with gradients, as SVG. */
function drawScene(random: Random, { width, height }: PictureSize): string {
  const colour = (): string => `hsl(${Math.floor(random() * 360)} ${30 + random() * 50}% ${20 + random() * 60}%)`;
  const gradients: string[] = [];
  const shapes: string[] = [];
  for (let index = 0; index < 40; index++) {
    const stops = `<stop offset="0" stop-color="${colour()}"/><stop offset="1" stop-color="${colour()}"/>`;
    gradients.push(
      `<linearGradient id="g${index}" gradientTransform="rotate(${random() * 90})">${stops}</linearGradient>`,
    );
    const [x, y] = [random() * width, random() * height];
    const [rx, ry] = [width * (0.03 + 0.2 * random()), height * (0.03 + 0.2 * random())];
    const turn = `rotate(${random() * 180} ${x} ${y})`;
    shapes.push(
      `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" transform="${turn}" fill="url(#g${index})" fill-opacity="0.8"/>`,
    );
  }
  const sky = `<rect width="${width}" height="${height}" fill="url(#g0)"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><defs>${gradients.join('')}</defs>${sky}${shapes.join('')}</svg>`;
}
