import type { Buffer } from 'node:buffer';

import { expectTypeOf, test } from 'vitest';

import type { serve as Serve } from '../../src/udf/serve.ts';
import type { ValueOf } from '../../src/udf/value-of.ts';

test('types in the script are types of the function’s values', () => {
  expectTypeOf<ValueOf<'UInt32'>>().toEqualTypeOf<number>();
  expectTypeOf<ValueOf<'Int256'>>().toEqualTypeOf<bigint>();
  expectTypeOf<ValueOf<'Nullable(Decimal(9, 2))'>>().toEqualTypeOf<string | null>();
  expectTypeOf<ValueOf<"Array(DateTime64(3, 'UTC'))">>().toEqualTypeOf<Date[]>();
  expectTypeOf<ValueOf<"DateTime64(6, 'UTC')">>().toEqualTypeOf<string>();
  expectTypeOf<ValueOf<'Map(LowCardinality(String), Array(Float32))'>>().toEqualTypeOf<Map<string, number[]>>();
  expectTypeOf<ValueOf<'FixedString(2)', true>>().toEqualTypeOf<Buffer>();
});

test('functions of other values are refused by the compiler', () => {
  // Never called: it would serve this process.
  const scripts = (serve: typeof Serve): void => {
    const types = { arguments: ['String', 'UInt64'], returns: 'String', format: 'RowBinary' } as const;
    serve(types, (text, n) => {
      expectTypeOf(text).toEqualTypeOf<string>();
      expectTypeOf(n).toEqualTypeOf<bigint>();
      return text;
    });
    serve({ ...types, bytes: true }, (text) => expectTypeOf(text).toEqualTypeOf<Buffer>());
    serve.block(types, (texts, numbers) => {
      expectTypeOf(numbers).toEqualTypeOf<bigint[]>();
      return texts;
    });
    // @ts-expect-error -- UInt64 is a bigint
    serve(types, (text: string, n: number) => text.repeat(n));
    serve((text: string, point: { x: number }) => text.repeat(point.x));
  };
  expectTypeOf(scripts).toBeFunction();
});
