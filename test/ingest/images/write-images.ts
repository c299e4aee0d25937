import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

import { execa } from 'execa';
import sharp from 'sharp';

const formats = ['jpeg', 'png', 'webp'] as const;

/** The bytes of a small image; each number is another one. */
export async function makeImage(number: number, format: (typeof formats)[number] = 'png'): Promise<Buffer> {
  const size = 12;
  const pixels = Buffer.alloc(size * size * 3);
  for (const index of pixels.keys()) pixels[index] = (number * 31 + (index * (7 + number)) / 3) % 256;
  return sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .toFormat(format)
    .toBuffer();
}

/** Writes so many different images of three formats into folders of 200, each third with a caption. */
export async function writeImages(folder: string, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const inner = join(folder, String(Math.floor(number / 200)));
    if (number % 200 === 0) await mkdir(inner, { recursive: true });
    const format = formats[number % formats.length] ?? 'png';
    await writeFile(join(inner, `${number}.${format}`), await makeImage(number, format));
    if (number % 3 === 0) await writeFile(join(inner, `${number}.txt`), `picture ${number}`);
  }
}

/**
 * Writes 20 files by the names of images that are none, or cannot be read; answers what their failures must say.
 */
export async function writeBrokenImages(folder: string): Promise<Record<string, RegExp>> {
  const photo = await sharp({ create: { width: 90, height: 90, channels: 3, background: 'red', noise: noise } })
    .jpeg()
    .toBuffer();
  const png = await makeImage(5000);
  const expected: Record<string, RegExp> = {};
  const write = async (name: string, bytes: Uint8Array | string, reason: RegExp): Promise<void> => {
    await writeFile(join(folder, name), bytes);
    expected[name] = reason;
  };
  for (const part of [0.2, 0.4, 0.6, 0.8, 0.9]) {
    const cut = photo.subarray(0, photo.length * part);
    await write(`truncated-${part}.jpg`, cut, /cannot be decoded \(/);
  }
  for (const part of [0.5, 0.9]) {
    await write(`truncated-${part}.png`, png.subarray(0, png.length * part), /cannot be decoded \(/);
  }
  for (const name of ['empty.jpg', 'empty.png', 'empty.webp', 'empty.gif']) await write(name, '', /has 0 bytes/);
  for (const [index, extension] of ['jpg', 'jpeg', 'png', 'tiff'].entries()) {
    await write(`text-${index}.${extension}`, `some text ${index}\n`, /unsupported image format/);
  }
  await write('huge.png', blackPng(30_000), /30000 x 30000 pixels where at most 100000000/);
  await mkdir(join(folder, 'folder.jpg'));
  expected['folder.jpg'] = /is a folder/;
  await symlink('nowhere.jpg', join(folder, 'link-to-nothing.jpg'));
  expected['link-to-nothing.jpg'] = /is not found \(ENOENT\)/;
  await execa('mkfifo', [join(folder, 'pipe.jpg')]);
  expected['pipe.jpg'] = /is a pipe, socket or device/;
  if (process.getuid?.() === 0) {
    // Permissions do not bind root, for whom a link to itself is as closed.
    await symlink('closed.png', join(folder, 'closed.png'));
    expected['closed.png'] = /is not found \(ELOOP\)/;
  } else {
    await write('closed.png', png, /may not be read by this user \(EACCES\)/);
    await chmod(join(folder, 'closed.png'), 0);
  }
  return expected;
}

const noise = { type: 'gaussian', mean: 128, sigma: 40 } as const;

/** A valid square PNG of one bit a pixel, as https://www.w3.org/TR/png-3/ lays it out. */
function blackPng(size: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Bits a sample; the rest is 0: grey, deflate, no interlacing.
  header[8] = 1;
  const rows = Buffer.alloc(size * (1 + Math.ceil(size / 8)));
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1A\n', 'latin1'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
