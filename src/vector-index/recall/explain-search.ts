import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { TableName } from '../find-table.ts';
import { readCoverage } from '../index-coverage.ts';
import { quoteIdentifier } from '../../engine/quote-identifier.ts';
import { readVectorIndexes } from '../vector-index.ts';
import type { QueryVector } from './run-search.ts';
import { approximateSql, vectorParameter, type SearchTarget } from './search-target.ts';
import type { SearchVariant } from './search-variant.ts';

/** What a question about a plan needs. */
export interface PlanQuestion {
  target: SearchTarget;
  variant: SearchVariant;
  limit: number;
  vector: QueryVector;
  signal: AbortSignal;
}

/**
 * Whether ClickHouse answers a search with the index, by its own plan. That the plan names the index does not say so:
 * where the primary key leaves a part of the rows, or a part of the table has no index, it is named and yet all those
 * rows are read. Without rescoring a plan takes the column `_distance` from the index, but only if the index answers for
 * all rows; that is asked for rescoring, too.
 */
export async function explainsIndex(engine: Engine, { variant, ...question }: PlanQuestion): Promise<boolean> {
  const plan = await explain(engine, { ...question, variant: { ...variant, rescoring: false } });
  return namesIndex(plan, question.target) && plan.some((line) => /(?<!\w)_distance Float32$/.test(line.trimEnd()));
}

/** Says why an index is not used. */
export async function whyUnused(engine: Engine, table: TableName, question: PlanQuestion): Promise<EmbedhouseError> {
  const { target, signal } = question;
  const { indexName: index, filter, tableSql } = target;
  const unused = (reason: string): EmbedhouseError =>
    new EmbedhouseError(
      'INDEX_UNMEASURABLE',
      `ClickHouse does not use the index '${index}' of table '${table.table}': ${reason}`,
    );

  const { parts, coverage } = await readCoverage(
    engine,
    table,
    await readVectorIndexes(engine, { table, signal }),
    signal,
  );
  const missing = coverage.find((each) => each.index.name === index)?.missing ?? [];
  if (missing.length > 0) {
    const build = `ALTER TABLE ${tableSql} MATERIALIZE INDEX ${quoteIdentifier(index)} SETTINGS mutations_sync = 2`;
    return unused(`${missing.length} of its ${parts.length} parts are without it; build it there with ${build}`);
  }
  if (!namesIndex(await explain(engine, question), target)) {
    return unused(
      'its plan (EXPLAIN indexes = 1) does not name it; see whether use_skip_indexes, query_plan_try_use_vector_search or compatibility is set',
    );
  }
  return unused(
    filter === ''
      ? 'its plan names it, but takes no distances from it; see whether a mutation is under way, or the table has deleted rows'
      : `with the filter (${filter}) it first leaves out rows by the primary key or the partition and then searches exactly those that are left: there is no recall to measure`,
  );
}

async function explain(engine: Engine, { target, variant, limit, vector, signal }: PlanQuestion): Promise<string[]> {
  const lines = await engine.rows<{ explain: string }>(
    `EXPLAIN header = 1, indexes = 1 ${approximateSql(target, variant, limit)}`,
    { params: { [vectorParameter]: vector.base64 }, signal },
  );
  return lines.map((line) => line.explain);
}

const namesIndex = (plan: readonly string[], { indexName }: SearchTarget): boolean =>
  plan.some(
    (line, at) => line.trimEnd().endsWith(`Name: ${indexName}`) && plan[at + 1]?.includes('vector_similarity') === true,
  );
