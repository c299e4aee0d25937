import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../src/engine/engine.ts';
import { openTestEngine, read } from '../engine/open-test-engine.ts';
import { formats, KitHome, type Format } from './kit-home.ts';
import { roundTripCases, type RoundTripCase } from './round-trip-cases.ts';

const rows = 300;

/** Each script gives back what it gets. Bytes keep what is no text; JSON has texts only. */
const kits = [
  {
    kit: 'the JavaScript kit',
    script: 'echo.mjs',
    code: "serve({ bytes: process.argv[2] !== 'JSONEachRow' }, (...values) => (values.length === 1 ? values[0] : values));",
  },
  {
    kit: 'the Python kit',
    script: 'echo.py',
    code: 'serve(lambda *values: values[0] if len(values) == 1 else values)',
  },
];

let home: KitHome;
let engine: Engine;

beforeAll(async () => {
  home = await KitHome.make();
  for (const { script, code } of kits) {
    await home.addScript(script, code);
    for (const format of formats) {
      for (const [index, { types, isRepeated }] of roundTripCases.entries()) {
        const name = functionName(script, format, index);
        const returns = types.length === 1 ? types.join('') : `Tuple(${types.join(', ')})`;
        await home.addFunction({
          name,
          command: `${script} ${format} ${name}`,
          type: isRepeated ? 'executable_pool' : 'executable',
          arguments: types,
          returns,
          format,
          chunkHeader: index % 2 === 0,
        });
      }
    }
  }
  engine = await openTestEngine(home);
});

afterAll(async () => {
  await engine.close();
  await home[Symbol.asyncDispose]();
});

function functionName(script: string, format: Format, index: number): string {
  return `${script.replace('.', '_')}_${format}_${index}`;
}

describe.each(kits)('$kit gives ClickHouse its random values back', ({ script }) => {
  describe.each(formats)('in %s', (format) => {
    const cases = roundTripCases.map((trip, index) => ({ ...trip, index, name: trip.types.join(', ') }));
    test.each(cases.filter(({ not }) => not !== format))('$name', async ({ index, ...trip }) => {
      const answer = await read(engine, compare(functionName(script, format, index), trip, index));
      expect(answer).toBe(`0\t${rows}\n`);
    });
  });
});

/** Compares texts, which tell nan, NULL and every digit, in ClickHouse. */
function compare(name: string, { types, from, hasMaps }: RoundTripCase, seed: number): string {
  const columns = types.map((type, index) => ({ column: types.length === 1 ? 'x' : `x${index}`, type }));
  const names = columns.map(({ column }) => column).join(', ');
  const structure = columns.map(({ column, type }) => `${column} ${from?.type ?? type}`).join(', ');
  const sorted = (value: string): string => (hasMaps ? `mapSort(${value})` : value);
  const given = types.length === 1 ? sorted(names) : `(${names})`;
  // A map with a key twice, which no language's map has, is left out.
  const filter = hasMaps ? 'WHERE length(mapKeys(x)) = length(arrayDistinct(mapKeys(x)))' : '';
  const source = `SELECT ${from?.sql ?? names} ${from ? 'AS x' : ''} FROM generateRandom('${quote(structure)}', ${seed + 1}, 12, 4) ${filter} LIMIT ${rows}`;
  return `SELECT countIf(given != answered), count() FROM (
    SELECT toString(tuple(${given})) AS given, toString(tuple(${sorted(`${name}(${names})`)})) AS answered FROM (${source}))`;
}

function quote(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
}
