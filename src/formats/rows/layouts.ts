import type { BigLayout, NumberLayout } from '../types/scalar.ts';

export interface Layout<Raw> {
  /** In bytes. */
  size: number;
  get: (view: DataView, offset: number) => Raw;
  set: (view: DataView, offset: number, value: Raw) => void;
}

/** How numbers lie in ClickHouse's binary formats: little-endian. */
export const numberLayouts: Readonly<Record<NumberLayout, Layout<number>>> = {
  UInt8: { size: 1, get: (view, at) => view.getUint8(at), set: (view, at, value) => view.setUint8(at, value) },
  Int8: { size: 1, get: (view, at) => view.getInt8(at), set: (view, at, value) => view.setInt8(at, value) },
  UInt16: {
    size: 2,
    get: (view, at) => view.getUint16(at, true),
    set: (view, at, value) => view.setUint16(at, value, true),
  },
  Int16: {
    size: 2,
    get: (view, at) => view.getInt16(at, true),
    set: (view, at, value) => view.setInt16(at, value, true),
  },
  UInt32: {
    size: 4,
    get: (view, at) => view.getUint32(at, true),
    set: (view, at, value) => view.setUint32(at, value, true),
  },
  Int32: {
    size: 4,
    get: (view, at) => view.getInt32(at, true),
    set: (view, at, value) => view.setInt32(at, value, true),
  },
  Float32: {
    size: 4,
    get: (view, at) => view.getFloat32(at, true),
    set: (view, at, value) => view.setFloat32(at, value, true),
  },
  Float64: {
    size: 8,
    get: (view, at) => view.getFloat64(at, true),
    set: (view, at, value) => view.setFloat64(at, value, true),
  },
};

export const bigLayouts: Readonly<Record<BigLayout, Layout<bigint>>> = {
  UInt64: {
    size: 8,
    get: (view, at) => view.getBigUint64(at, true),
    set: (view, at, value) => view.setBigUint64(at, value, true),
  },
  Int64: {
    size: 8,
    get: (view, at) => view.getBigInt64(at, true),
    set: (view, at, value) => view.setBigInt64(at, value, true),
  },
};
