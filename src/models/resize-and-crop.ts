import { alignToVector, Convolution, type Rows, SLACK_BYTES } from './convolution.ts';
import type { ImageSpec } from './image-spec.ts';
import { getPillowAxis, type PillowAxis } from './pillow-axis.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An image in memory: rows of pixels, each pixel three bytes (red, green, blue). */
export interface RgbPixels extends Size {
  readonly data: Uint8Array;
}

/** The source is copied to WebAssembly's memory in pieces of about so many bytes, which stay in the processor's cache. */
const PIECE_BYTES = 131_072;
/** Bytes of a row in a piece that has all rows; a multiple of sixteen. */
const STRIP_BYTES = 480;

let convolution: Convolution | undefined;

/** Gives the size of an image after resizing: that of torchvision's Resize, or a square. */
export function resizedSize({ width, height }: Size, { resize, shortSide }: ImageSpec): Size {
  if (resize === 'stretch') return { width: shortSide, height: shortSide };
  const short = Math.min(width, height);
  const scale = (side: number): number => (side === short ? shortSide : Math.trunc((shortSide * side) / short));
  return { width: scale(width), height: scale(height) };
}

/**
 * Resizes an image to `target` and cuts the centre square of `size` out, giving size × size × RGB bytes equal to those of
 * Pillow 13 (resize with the filter, then a centre crop). Only the columns and rows of the crop are computed.
 *
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
export function resizeAndCrop(source: RgbPixels, target: Size, spec: ImageSpec): Uint8Array {
  const { size } = spec;
  convolution ??= new Convolution();
  convolution.clear();
  const columns = getPillowAxis(source.width, target.width, spec);
  const rows = getPillowAxis(source.height, target.height, spec);
  const crop = convolution.place(size, alignToVector(3 * size + SLACK_BYTES));
  // The order decides how the bytes between the passes are rounded; it is Pillow's since version 13.
  const lostRows = source.height - target.height;
  const rowsFirst = lostRows > 0 && lostRows > 2 * (source.width - target.width);
  const resize = rowsFirst ? resizeRowsFirst : resizeColumnsFirst;
  resize(convolution, source, { columns, rows }, crop);
  return packRows(convolution.bytes, crop, size);
}

interface Axes {
  readonly columns: PillowAxis;
  readonly rows: PillowAxis;
}

function resizeColumnsFirst(wasm: Convolution, source: RgbPixels, { columns, rows }: Axes, crop: Rows): void {
  const columnAxis = wasm.placeAxis(columns);
  const rowAxis = wasm.placeAxis(rows);
  const length = 3 * columns.length;
  const pieceRows = Math.max(2, Math.floor(PIECE_BYTES / length));
  // The convolution takes two rows at a time, and may read or write one too many.
  const piece = wasm.place(pieceRows + 1, length);
  const band = wasm.place(rows.length + 1, crop.stride);
  const { bytes } = wasm;
  for (let row = 0; row < rows.length; row += pieceRows) {
    const count = Math.min(pieceRows, rows.length - row);
    copyRows(source, 3 * columns.start, rows.start + row, count, bytes, piece, length);
    wasm.resizeColumns(piece, count, columnAxis, { ...band, address: band.address + row * band.stride });
  }
  wasm.resizeRows(band, crop.stride, rowAxis, crop);
}

function resizeRowsFirst(wasm: Convolution, source: RgbPixels, { columns, rows }: Axes, crop: Rows): void {
  const columnAxis = wasm.placeAxis(columns);
  const rowAxis = wasm.placeAxis(rows);
  const length = 3 * columns.length;
  const strip = wasm.place(rows.length + 1, STRIP_BYTES);
  const band = wasm.place(rowAxis.outputs + 1, Math.ceil(length / STRIP_BYTES) * STRIP_BYTES);
  const { bytes } = wasm;
  for (let column = 0; column < length; column += STRIP_BYTES) {
    const stripLength = Math.min(STRIP_BYTES, length - column);
    copyRows(source, 3 * columns.start + column, rows.start, rows.length, bytes, strip, stripLength);
    wasm.resizeRows(strip, alignToVector(stripLength), rowAxis, { ...band, address: band.address + column });
  }
  wasm.resizeColumns(band, rowAxis.outputs, columnAxis, crop);
}

/** Copies `length` bytes of `count` rows of the source, from its byte `x` of row `y` on. */
function copyRows(
  { data, width }: RgbPixels,
  x: number,
  y: number,
  count: number,
  bytes: Uint8Array,
  { address, stride }: Rows,
  length: number,
): void {
  let from = 3 * width * y + x;
  for (let row = 0, to = address; row < count; row++, to += stride, from += 3 * width) {
    bytes.set(data.subarray(from, from + length), to);
  }
}

function packRows(bytes: Uint8Array, { address, stride }: Rows, size: number): Uint8Array {
  const pixels = new Uint8Array(3 * size * size);
  for (let row = 0, from = address; row < size; row++, from += stride) {
    pixels.set(bytes.subarray(from, from + 3 * size), row * 3 * size);
  }
  return pixels;
}
