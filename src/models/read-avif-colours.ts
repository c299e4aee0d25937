/** How the colours of an AVIF image are coded. */
export interface AvifColours {
  /** Whether there is luma alone. */
  readonly monochrome: boolean;
  /** Pixels that share a colour sample, across and down: 1 or 2. */
  readonly subsampling: readonly [number, number];
  /** The weights of red and blue in luma. */
  readonly redWeight: number;
  readonly blueWeight: number;
  /** Whether samples go from 0 to 255 rather than from 16 to 235 (luma) and 240 (chroma). */
  readonly fullRange: boolean;
}

// Matrix coefficients by number (ITU-T H.273); libavif and libheif take 601 where a file does not say.
const bt601 = { redWeight: 0.299, blueWeight: 0.114 };
const matrices: ReadonlyMap<number, { redWeight: number; blueWeight: number }> = new Map([
  [1, { redWeight: 0.2126, blueWeight: 0.0722 }],
  [2, bt601],
  [5, bt601],
  [6, bt601],
  [9, { redWeight: 0.2627, blueWeight: 0.0593 }],
]);

interface Box {
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Reads how the colours of an AVIF file are coded, from its item properties (ISO/IEC 23008-12, AV1-ISOBMFF). Gives
 * undefined for what cannot be converted again: more than 8 bits, another matrix, or an image rotated, mirrored or cut
 * after decoding.
 */
export function readAvifColours(bytes: Uint8Array): AvifColours | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const meta = find(readBoxes(file), 'meta');
  if (!meta) return undefined;
  // meta is a full box: version and flags come first.
  const properties = find(readBoxes(meta.subarray(4)), 'iprp');
  const container = properties && find(readBoxes(properties), 'ipco');
  if (!container) return undefined;
  const boxes = readBoxes(container);
  if (boxes.some(({ type }) => type === 'irot' || type === 'imir' || type === 'clap')) return undefined;
  // The image's own properties come before those of its transparency.
  const codec = find(boxes, 'av1C');
  const isDeep = codec === undefined || codec.length < 3 || ((codec[2] ?? 0) & 0x40) !== 0;
  if (isDeep) return undefined;
  const flags = codec[2] ?? 0;
  const colour = boxes.find(({ type, body }) => type === 'colr' && body.toString('latin1', 0, 4) === 'nclx')?.body;
  const matrix = matrices.get(colour && colour.length >= 11 ? colour.readUInt16BE(8) : 2);
  if (!matrix) return undefined;
  const monochrome = (flags & 0x10) !== 0;
  return {
    ...matrix,
    monochrome,
    subsampling: monochrome ? [1, 1] : [(flags & 0x08) === 0 ? 1 : 2, (flags & 0x04) === 0 ? 1 : 2],
    fullRange: colour === undefined || ((colour[10] ?? 0) & 0x80) !== 0,
  };
}

function find(boxes: readonly Box[], type: string): Buffer | undefined {
  return boxes.find((box) => box.type === type)?.body;
}

function readBoxes(data: Buffer): Box[] {
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= data.length;) {
    const length = data.readUInt32BE(at);
    // 0 is "to the end"; 1 announces a length of 64 bits, which no box has that is of interest here.
    const end = length === 0 ? data.length : at + length;
    if (end < at + 8 || end > data.length) break;
    boxes.push({ type: data.toString('latin1', at + 4, at + 8), body: data.subarray(at + 8, end) });
    at = end;
  }
  return boxes;
}
