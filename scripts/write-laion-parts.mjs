#!/usr/bin/env node
// Writes parts shaped like LAION-400M's: img_emb_N.npy and text_emb_N.npy in float16, metadata_N.parquet with the
// columns that clip-retrieval left there. Vectors are random unit vectors, captions random words with all that breaks
// CSV: quotes, newlines, tabs, emoji, NULLs. The same arguments give the same values.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';

import { Session } from 'chdb';

const usage = `node scripts/write-laion-parts.mjs DIR [options]
  --parts <n>      how many parts (1)
  --first <n>      number of the first part (0)
  --rows <n>       rows of a part (1000)
  --dims <n>       dimensions of a vector (512)
  --folders        img_emb/, text_emb/ and metadata/ in DIR, instead of all files in it
  --digits <n>     zero-pad the numbers to so many digits (1)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    parts: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    rows: { type: 'string', default: '1000' },
    dims: { type: 'string', default: '512' },
    digits: { type: 'string', default: '1' },
    folders: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [folder] = positionals;
if (values.help || folder === undefined) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const count = (name) => {
  const number = Number(values[name]);
  if (Number.isInteger(number) && number >= 0) return number;
  console.error(`--${name}: expected a whole number, got '${values[name]}'`);
  return process.exit(2);
};
const [parts, first, rows, dims, digits] = ['parts', 'first', 'rows', 'dims', 'digits'].map(count);

/** The bits of a float16, rounded to the nearest even as numpy does; for numbers below 65 504. */
function toFloat16(number) {
  const sign = number < 0 || Object.is(number, -0) ? 0x8000 : 0;
  const size = Math.abs(number);
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  if (size === 0) return sign;
  const scaled = (size / 2 ** exponent) * 1024;
  const floor = Math.floor(scaled);
  const isUp = scaled - floor > 0.5 || (scaled - floor === 0.5 && floor % 2 === 1);
  const mantissa = floor + (isUp ? 1 : 0);
  // A number below the smallest normal one has no hidden bit; a mantissa rounded up to 2048 carries into the exponent.
  return sign | (size < 2 ** -14 ? mantissa : ((exponent + 15) << 10) + (mantissa - 1024));
}

/** 4096 normal deviates of the size that vectors of length 1 have, at the middles of equally probable intervals. */
const deviates = Uint16Array.from({ length: 4096 }, (_, index) => {
  const probability = (index + 0.5) / 4096;
  // Tukey's lambda approximation of the normal quantile, within 0.01 of it here.
  const normal = (probability ** 0.135 - (1 - probability) ** 0.135) / 0.1975;
  return toFloat16(normal / Math.sqrt(dims));
});

/** The file's version 1.0 as numpy describes it: magic, header of a multiple of 64 bytes, rows one after another. */
function npyHeader() {
  const text = `{'descr': '<f2', 'fortran_order': False, 'shape': (${rows}, ${dims}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, ' ');
  header.write('\x93NUMPY\x01\x00', 'latin1');
  header.writeUInt16LE(length, 8);
  header.write(text, 10, 'latin1');
  header.write('\n', header.length - 1);
  return header;
}

async function* npy(seed) {
  yield npyHeader();
  let state = (seed * 0x9e3779b9 + 1) >>> 0;
  const rowsAtOnce = 1024;
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const halves = new Uint16Array(Math.min(rowsAtOnce, rows - row) * dims);
    for (let index = 0; index < halves.length; index++) {
      // xorshift32 (Marsaglia 2003).
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      halves[index] = deviates[(state >>> 8) & 4095];
    }
    yield Buffer.from(halves.buffer);
  }
}

/** Row `n` of part `p`, from its numbers alone. */
const metadataSql = (part, path) => `
INSERT INTO FUNCTION file('${path.replaceAll("'", String.raw`\'`)}', Parquet)
WITH
  sipHash64(${part}, number) AS h,
  ['a','red','old','dog','cat','“stock”','photo','of','the','beach','it''s','5"','monitor','für','Straße','🐶','👩‍👩‍👧','日本語','\\\\','100%','sale,','tab\\there','line\\nbreak','&amp;','<b>','mountain','wedding','vintage','poster','free'] AS words
SELECT
  concat('${part}', leftPad(toString(number), 9, '0')) AS image_path,
  multiIf(h % 997 = 0, NULL, h % 991 = 0, '', arrayStringConcat(arrayMap(i -> words[1 + (sipHash64(h, i) % length(words))], range(3 + h % 17)), ' ')) AS caption,
  ['UNLIKELY', 'UNLIKELY', 'UNLIKELY', 'UNSURE', 'NSFW', NULL][1 + h % 6] AS NSFW,
  0.3 + (h % 100000) / 700000 AS similarity,
  if(h % 3 = 0, '?', NULL) AS LICENSE,
  concat('https://example.com/', hex(h), '/', toString(number), '.jpg?w=', toString(h % 2000)) AS url,
  concat('${part}', leftPad(toString(number), 9, '0')) AS key,
  'success' AS status,
  CAST(NULL AS Nullable(String)) AS error_message,
  toInt64(64 + h % 1024) AS width,
  toInt64(64 + intDiv(h, 1024) % 1024) AS height,
  width + 10 AS original_width,
  height + 10 AS original_height,
  if(h % 5 = 0, '{"Image Orientation": "Horizontal (normal)"}', '{}') AS exif,
  lower(hex(MD5(toString(h)))) AS md5
FROM numbers(${rows})
SETTINGS output_format_parquet_row_group_size = 1048576, engine_file_truncate_on_insert = 1, max_threads = 1, output_format_parquet_parallel_encoding = 0`;

const session = new Session();
try {
  for (let part = first; part < first + parts; part++) {
    const number = String(part).padStart(digits, '0');
    const place = async (kind, extension) => {
      const home = values.folders ? join(folder, kind) : folder;
      await mkdir(home, { recursive: true });
      return resolve(home, `${kind}_${number}.${extension}`);
    };
    await pipeline(Readable.from(npy(2 * part)), createWriteStream(await place('img_emb', 'npy')));
    await pipeline(Readable.from(npy(2 * part + 1)), createWriteStream(await place('text_emb', 'npy')));
    await session.queryAsync(metadataSql(part, await place('metadata', 'parquet')));
    console.error(`part ${number}: ${rows} rows`);
  }
} finally {
  session.close();
}
