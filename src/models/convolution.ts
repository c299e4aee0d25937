import { readFileSync } from 'node:fs';
import type { PillowAxis } from './pillow-axis.ts';

/** Rows of bytes in WebAssembly's memory. */
export interface Rows {
  /** Address of the first row's first byte. */
  readonly address: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
}

/** An axis in WebAssembly's memory. */
export interface PlacedAxis {
  readonly bounds: number;
  readonly weights: number;
  readonly outputs: number;
}

/** Bytes beyond the end of its rows that the convolution reads or writes, before it overwrites or disregards them. */
export const SLACK_BYTES = 16;

const PAGE_BYTES = 65_536;

// Seen from src/ and from dist/ alike, it lies where the build puts it.
const moduleUrl = new URL('../../dist/models/convolution.wasm', import.meta.url);

/** What `wasm/convolution.ts` exports. */
interface WasmExports {
  readonly memory: { readonly buffer: ArrayBuffer; grow: (pages: number) => number };
  readonly resizeColumns: (...addressesAndLengths: number[]) => void;
  readonly resizeRows: (...addressesAndLengths: number[]) => void;
}

// Node has it; of TypeScript's libraries only the browser's declares it.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Runs the passes of a resize in WebAssembly, on buffers placed one after another in its memory. */
export class Convolution {
  readonly #wasm: WasmExports;
  #end = 0;

  /** Loads the code that `npm run build` has compiled. */
  constructor() {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(moduleUrl)));
    // `as`: the module is compiled from wasm/convolution.ts.
    this.#wasm = exports as WasmExports;
  }

  /** The memory; placing more may detach it. */
  get bytes(): Uint8Array {
    return new Uint8Array(this.#wasm.memory.buffer);
  }

  /** Forgets what was placed, for the next image. */
  clear(): void {
    this.#end = 0;
  }

  /** Places a buffer of rows, with undefined content. */
  place(rows: number, stride: number): Rows {
    return { address: this.#reserve(rows * stride + SLACK_BYTES), stride };
  }

  placeAxis({ bounds, weights }: PillowAxis): PlacedAxis {
    const placed = {
      bounds: this.#reserve(bounds.byteLength),
      weights: this.#reserve(weights.byteLength),
      outputs: bounds.length / 2,
    };
    new Uint32Array(this.#wasm.memory.buffer, placed.bounds).set(bounds);
    new Int16Array(this.#wasm.memory.buffer, placed.weights).set(weights);
    return placed;
  }

  /** Resizes `count` rows of RGB pixels along their length. */
  resizeColumns(source: Rows, count: number, axis: PlacedAxis, target: Rows): void {
    const { bounds, weights, outputs } = axis;
    this.#wasm.resizeColumns(
      source.address,
      source.stride,
      count,
      bounds,
      weights,
      outputs,
      target.address,
      target.stride,
    );
  }

  /** Resizes columns of bytes, `length` (a multiple of sixteen) of them, giving a row for each output of the axis. */
  resizeRows(source: Rows, length: number, axis: PlacedAxis, target: Rows): void {
    const { bounds, weights, outputs } = axis;
    this.#wasm.resizeRows(
      source.address,
      source.stride,
      length,
      bounds,
      weights,
      outputs,
      target.address,
      target.stride,
    );
  }

  #reserve(lengthBytes: number): number {
    const address = this.#end;
    this.#end = address + alignToVector(lengthBytes);
    const missing = this.#end - this.#wasm.memory.buffer.byteLength;
    if (missing > 0) this.#wasm.memory.grow(Math.ceil(missing / PAGE_BYTES));
    return address;
  }
}

/** Rounds a number of bytes up to what the convolution handles at a time. */
export function alignToVector(lengthBytes: number): number {
  return Math.ceil(lengthBytes / 16) * 16;
}
