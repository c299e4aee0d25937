import type { Scalar } from '../types/scalar.ts';
import type { ByteSink } from './byte-sink.ts';
import type { ByteSource } from './byte-source.ts';
import { bigLayouts, numberLayouts, type Layout } from './layouts.ts';

/** Reads and writes one value in the way that RowBinary and Native share. */
export interface ScalarCodec {
  /** In bytes; undefined for strings. */
  size: number | undefined;
  /** Gives anything when the value is cut, and then marks the source. */
  read: (source: ByteSource) => unknown;
  /** @throws ValueError */
  write: (sink: ByteSink, value: unknown) => void;
  /** Writes what stands for NULL among values. */
  writeZero: (sink: ByteSink) => void;
}

/** Makes the codec of a type without parts. */
export function scalarCodec(scalar: Scalar): ScalarCodec {
  switch (scalar.layout) {
    case 'String': {
      const { asBytes, toRaw } = scalar;
      return {
        size: undefined,
        read: (source) => {
          const length = source.varint();
          if (length < 0) return undefined;
          const start = source.advance(length);
          if (start < 0) return undefined;
          return asBytes ? source.copy(start, length) : source.text(start, length);
        },
        write: (sink, value) => {
          const raw = toRaw(value);
          if (typeof raw === 'string') return sink.text(raw);
          sink.varint(raw.length);
          sink.put(raw);
        },
        writeZero: (sink) => sink.varint(0),
      };
    }
    case 'UInt64':
    case 'Int64': {
      const { layout, toRaw, fromRaw, takesNumbers = false } = scalar;
      const codec = fixedCodec(bigLayouts[layout], toRaw, fromRaw);
      return takesNumbers
        ? { ...codec, write: writeNumberOr(codec.write, layout === 'UInt64' ? 0 : -Infinity) }
        : codec;
    }
    default: {
      if (typeof scalar.layout !== 'number')
        return fixedCodec(numberLayouts[scalar.layout], scalar.toRaw, scalar.fromRaw);
      const { layout: size, fromRaw, toRaw } = scalar;
      return {
        size,
        read: (source) => {
          const start = source.advance(size);
          if (start < 0) return undefined;
          const raw = source.bytes.subarray(start, start + size);
          return fromRaw === undefined ? raw : fromRaw(raw);
        },
        write: (sink, value) => sink.put(toRaw(value)),
        writeZero: (sink) => sink.zeros(size),
      };
    }
  }
}

function fixedCodec<Raw>(
  layout: Layout<Raw>,
  toRaw: (value: unknown) => Raw,
  fromRaw: ((raw: Raw) => unknown) | undefined,
): ScalarCodec {
  const { size, get, set } = layout;
  return {
    size,
    read: (source) => {
      const start = source.advance(size);
      if (start < 0) return undefined;
      const raw = get(source.view, start);
      return fromRaw === undefined ? raw : fromRaw(raw);
    },
    write: (sink, value) => {
      const raw = toRaw(value);
      const at = sink.advance(size);
      set(sink.view, at, raw);
    },
    writeZero: (sink) => sink.zeros(size),
  };
}

const halfRange = 2 ** 32;

/** Writes a number without making a bigint of it, and anything else with `write`. */
function writeNumberOr(write: ScalarCodec['write'], lowest: number): ScalarCodec['write'] {
  return (sink, value) => {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < lowest) return write(sink, value);
    const at = sink.advance(8);
    sink.view.setUint32(at, value, true);
    sink.view.setInt32(at + 4, Math.floor(value / halfRange), true);
  };
}
