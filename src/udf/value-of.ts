import type { Buffer } from 'node:buffer';

type NumberName = `${'U' | ''}Int${8 | 16 | 32}` | 'Float32' | 'Float64' | 'BFloat16';
type BigintName = `${'U' | ''}Int${64 | 128 | 256}`;
type MillisecondName =
  | 'DateTime'
  | `DateTime(${string}`
  | 'DateTime64'
  | `DateTime64(${0 | 1 | 2 | 3}${')' | ','}${string}`;
type OwnName = 'Tuple' | 'Nested' | 'Point' | 'Ring' | 'LineString' | 'Polygon' | 'MultiLineString' | 'MultiPolygon';

/** What a function gets for a ClickHouse type. For tuples say the type yourself. */
export type ValueOf<Type extends string, Bytes extends boolean = false> = Type extends NumberName
  ? number
  : Type extends BigintName
    ? bigint
    : Type extends 'Bool'
      ? boolean
      : Type extends MillisecondName
        ? Date
        : Type extends `Nullable(${infer Inner})`
          ? ValueOf<Inner, Bytes> | null
          : Type extends `LowCardinality(${infer Inner})`
            ? ValueOf<Inner, Bytes>
            : Type extends `SimpleAggregateFunction(${string}, ${infer Inner})`
              ? ValueOf<Inner, Bytes>
              : Type extends `Array(${infer Inner})`
                ? ValueOf<Inner, Bytes>[]
                : Type extends `Map(${infer Key}, ${infer Value})`
                  ? Map<ValueOf<Key, Bytes>, ValueOf<Value, Bytes>>
                  : Type extends OwnName | `${OwnName}(${string}`
                    ? never
                    : Type extends 'String' | `FixedString(${string}`
                      ? Bytes extends true
                        ? Buffer
                        : string
                      : string extends Type
                        ? never
                        : string;

/** The same for a list of types. */
export type ValuesOf<Types extends readonly string[], Bytes extends boolean = false> = {
  [Index in keyof Types]: ValueOf<Types[Index], Bytes>;
};

/** One array for each type. */
export type ColumnsOf<Types extends readonly string[], Bytes extends boolean = false> = {
  [Index in keyof Types]: ValueOf<Types[Index], Bytes>[];
};
