import type { MeasuredIndex, RecallReport, SearchResult } from './recall-report.ts';

/** Searches that differ in ef only: a line of the plot. */
export interface PlotSeries {
  name: string;
  /** Which colour, from 0. */
  hue: number;
  isRescored: boolean;
  /** By rising ef. */
  results: SearchResult[];
}

/**
 * Groups results to lines: by quantization, filter strategy, rescoring and multiplier. All would be too many to tell
 * apart: where quantizations are compared, those rescored with less than the greatest multiplier are left out, and with
 * a filter what `auto` gives beside the default, for it is as `postfilter`.
 */
export function plotSeries({ indexes, isSample, filter }: RecallReport): PlotSeries[] {
  const results = indexes.flatMap((index) => index.results);
  const greatest = Math.max(...results.map(({ fetchMultiplier }) => fetchMultiplier));
  const isDrawn = ({ rescoring, fetchMultiplier, filterStrategy, isDefault }: SearchResult): boolean =>
    (!isSample || !rescoring || fetchMultiplier === greatest) &&
    (filter === undefined || filterStrategy !== 'auto' || isDefault);

  const series = new Map<string, PlotSeries>();
  for (const [indexAt, index] of indexes.entries()) {
    for (const result of index.results.filter(isDrawn)) {
      const name = nameSeries(index, result, { isSample, isFiltered: filter !== undefined });
      const hue = isSample ? indexAt : series.size;
      const known = series.get(name) ?? { name, hue, isRescored: result.rescoring, results: [] };
      known.results.push(result);
      series.set(name, known);
    }
  }
  return [...series.values()].map((each) => ({ ...each, results: each.results.toSorted((a, b) => a.ef - b.ef) }));
}

function nameSeries(
  { quantization }: MeasuredIndex,
  { rescoring, fetchMultiplier, filterStrategy, usesIndex }: SearchResult,
  { isSample, isFiltered }: { isSample: boolean; isFiltered: boolean },
): string {
  if (!usesIndex) {
    return `${filterStrategy} (no index)`;
  }
  const way = rescoring
    ? `rescoring × ${fetchMultiplier}`
    : fetchMultiplier > 1
      ? `fetch × ${fetchMultiplier}`
      : 'no rescoring';
  return [...(isSample ? [quantization] : []), ...(isFiltered ? [filterStrategy] : []), way].join(', ');
}
