import type { Engine } from '../../engine/engine.ts';

/** When ClickHouse evaluates a condition: see its setting `vector_search_filter_strategy`. */
export const filterStrategies = ['auto', 'postfilter', 'prefilter'] as const;
export type FilterStrategy = (typeof filterStrategies)[number];

/** ClickHouse's settings for one way of searching an index. */
export interface SearchVariant {
  /** `hnsw_candidate_list_size_for_search` */
  ef: number;
  /** `vector_search_with_rescoring` */
  rescoring: boolean;
  /** `vector_search_index_fetch_multiplier` */
  fetchMultiplier: number;
  /** `vector_search_filter_strategy` */
  filterStrategy: FilterStrategy;
}

export interface SearchDefaults extends SearchVariant {
  /** `max_limit_for_vector_search_queries`: with a greater LIMIT an index is not used. */
  maxLimit: number;
}

/** Reads how the engine searches when a query sets nothing. @throws QueryError (`QUERY_FAILED`) */
export async function readSearchDefaults(engine: Engine, signal?: AbortSignal): Promise<SearchDefaults> {
  const rows = await engine.rows<{ name: string; value: string }>(
    `SELECT name, value FROM system.settings
    WHERE name LIKE 'vector_search_%' OR name LIKE 'hnsw_%' OR name = 'max_limit_for_vector_search_queries'`,
    { signal },
  );
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  const strategy = values.get('vector_search_filter_strategy');
  return {
    ef: Number(values.get('hnsw_candidate_list_size_for_search') ?? 256),
    rescoring: values.get('vector_search_with_rescoring') === '1',
    fetchMultiplier: Number(values.get('vector_search_index_fetch_multiplier') ?? 1),
    filterStrategy: filterStrategies.find((known) => known === strategy) ?? 'auto',
    maxLimit: Number(values.get('max_limit_for_vector_search_queries') ?? 1000),
  };
}

/** Writes a variant as a query's settings. */
export function variantSettings(variant: SearchVariant): string[] {
  return [
    `hnsw_candidate_list_size_for_search = ${variant.ef}`,
    `vector_search_with_rescoring = ${variant.rescoring ? 1 : 0}`,
    `vector_search_index_fetch_multiplier = ${variant.fetchMultiplier}`,
    `vector_search_filter_strategy = '${variant.filterStrategy}'`,
  ];
}

export interface VariantPlan {
  efs: readonly number[];
  fetchMultipliers: readonly number[];
  hasFilter: boolean;
  defaults: SearchVariant;
}

/**
 * Lists the variants worth measuring: each ef without rescoring and with it, the latter with each multiplier, for
 * without rescoring ClickHouse multiplies only what a filter will thin out. With a filter, `prefilter` stands alone:
 * it does not use the index. What a query gets that sets nothing is always among them. `auto` is measured at the default ef: ClickHouse takes it for `postfilter`.
 */
export function planVariants({ efs, fetchMultipliers, hasFilter, defaults }: VariantPlan): SearchVariant[] {
  const allEfs = ascending([...efs, defaults.ef]);
  const withDefault = ascending([...fetchMultipliers, defaults.fetchMultiplier]);
  const rescored = defaults.rescoring ? withDefault : ascending(fetchMultipliers);
  const plain = hasFilter ? withDefault : [defaults.fetchMultiplier];
  const variants = (filterStrategy: FilterStrategy, ofEfs: readonly number[]): SearchVariant[] =>
    [false, true].flatMap((rescoring) =>
      (rescoring ? rescored : plain).flatMap((fetchMultiplier) =>
        ofEfs.map((ef) => ({ ef, rescoring, fetchMultiplier, filterStrategy })),
      ),
    );
  if (!hasFilter) {
    return variants(defaults.filterStrategy, allEfs);
  }
  return [
    { ef: defaults.ef, rescoring: false, fetchMultiplier: 1, filterStrategy: 'prefilter' },
    ...variants('auto', [defaults.ef]),
    ...variants('postfilter', allEfs),
  ];
}

/** Whether two variants set the same. */
export function isSameVariant(one: SearchVariant, other: SearchVariant): boolean {
  return variantSettings(one).join() === variantSettings(other).join();
}

const ascending = (numbers: readonly number[]): number[] => [...new Set(numbers)].toSorted((a, b) => a - b);
