import type { TableName } from '../find-table.ts';
import { explainsIndex, whyUnused } from './explain-search.ts';
import { measureVariant, searchLimit, type ExactAnswers, type Measurement } from './measure-searches.ts';
import type { SearchResult } from './recall-report.ts';
import type { SearchTarget } from './search-target.ts';
import { isSameVariant, type SearchVariant } from './search-variant.ts';

export interface IndexMeasurement {
  /** Where the table stands in ClickHouse's catalogue. */
  table: TableName;
  target: SearchTarget;
  exact: ExactAnswers;
  variants: readonly SearchVariant[];
  /** How a query that sets nothing is answered. */
  defaults: SearchVariant;
  /** Gets each result when it is there. */
  results: SearchResult[];
}

/**
 * Measures each variant of the search in an index.
 *
 * @throws EmbedhouseError `INDEX_UNMEASURABLE` when ClickHouse does not use the index, though no filter is a reason not to
 */
export async function measureIndex(measurement: Measurement, index: IndexMeasurement): Promise<void> {
  const { engine, clock, signal, vectors } = measurement;
  const { table, target, exact, variants, defaults, results } = index;
  const [vector] = vectors;
  if (vector === undefined) {
    return;
  }
  for (const variant of variants) {
    clock.step(describeVariant(variant, target));
    const question = { target, variant, vector, limit: searchLimit(measurement), signal };
    const usesIndex = await explainsIndex(engine, question);
    if (!usesIndex && target.filter === '') {
      throw await whyUnused(engine, table, question);
    }
    const measured = await measureVariant(measurement, target, { variant, exact });
    results.push({ ...measured, usesIndex, isDefault: isSameVariant(variant, defaults) });
  }
}

function describeVariant(
  { ef, rescoring, fetchMultiplier, filterStrategy }: SearchVariant,
  target: SearchTarget,
): string {
  const filter = target.filter === '' ? '' : `, ${filterStrategy}`;
  const rescored = rescoring ? `, rescoring × ${fetchMultiplier}` : '';
  return `${target.indexName}: ef ${ef}${rescored}${filter}`;
}
