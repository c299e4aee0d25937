import type { Engine } from './engine.ts';
import { quoteIdentifier } from './quote-identifier.ts';

/** What is counted in a column of the type: a condition that is true where a value is odd. */
const conditions: readonly { type: RegExp; isOdd: (name: string) => string; words: string }[] = [
  { type: /^(Float32|Float64|BFloat16)$/, isOdd: (name) => `NOT isFinite(${name})`, words: 'NaN or infinite' },
  {
    type: /^Array\((Float32|Float64|BFloat16)\)$/,
    isOdd: (name) => `arrayExists(x -> NOT isFinite(x), ${name})`,
    words: 'with a NaN or an infinite element',
  },
  { type: /^String$/, isOdd: (name) => `NOT isValidUTF8(${name})`, words: 'no valid UTF-8' },
];

/** Says of a column's values what its type allows, and a function seldom means; `source` stands after FROM. */
export async function findOddities(
  engine: Engine,
  source: string,
  column: { name: string; type: string },
): Promise<string[]> {
  const name = quoteIdentifier(column.name);
  const found: string[] = [];
  const condition = conditions.find(({ type }) => type.test(column.type));
  if (condition !== undefined) {
    const [row] = await engine.rows<{ odd: number; total: number }>(
      `SELECT countIf(${condition.isOdd(name)}) AS odd, count() AS total FROM ${source}`,
    );
    if (row && row.odd > 0) found.push(`${row.odd} of ${row.total} answers: ${condition.words}`);
  }
  if (/^Array\((Float32|Float64|BFloat16)\)$/.test(column.type)) {
    const [row] = await engine.rows<{ least: number; most: number }>(
      `SELECT min(length(${name})) AS least, max(length(${name})) AS most FROM ${source}`,
    );
    if (row && row.least < row.most) {
      found.push(`its vectors have ${row.least} to ${row.most} elements; distances and vector indexes take one length`);
    }
  }
  return found;
}
