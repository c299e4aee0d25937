import { scaleLinear, scaleLog, scaleSqrt } from 'd3-scale';
import { escapeUTF8 } from 'entities';

import { labelBox, placeLabels, type Box, type PlacedLabel } from './plot-labels.ts';
import { plotSeries, type PlotSeries } from './plot-series.ts';
import { hueClass, plotStyle } from './plot-style.ts';
import type { RecallReport, SearchResult } from './recall-report.ts';

const width = 960;
const height = 600;
const frame: Box = { left: 76, top: 92, right: 715, bottom: 540 };
/** So far from the frame's edge points stay, to be seen whole. */
const inset = 14;

interface PlotPoint {
  x: number;
  y: number;
  text: string;
  series: PlotSeries;
  result: SearchResult;
}

/** Draws recall over latency as an SVG: a line for each way of searching, its points labelled with ef. */
export function plotRecall(report: RecallReport): string {
  const series = plotSeries(report);
  const results = series.flatMap((each) => each.results);
  const x = latencyScale([...results.map(({ medianMs }) => medianMs), report.exact.medianMs]);
  const y = recallScale(results.map(({ recall }) => recall));
  const points = series.flatMap((each) =>
    each.results.map((result) => ({
      x: x.scale(result.medianMs),
      y: y.scale(result.recall),
      series: each,
      result,
      text: result.usesIndex ? String(result.ef) : 'no index',
    })),
  );
  const exactX = x.scale(report.exact.medianMs);
  const exactLabel = exactLabelAt(exactX, report.exact.medianMs);
  // The outer points of each line choose first, the default before all.
  const byImportance = points.toSorted((a, b) => importance(b) - importance(a));
  const labels = placeLabels(byImportance, {
    frame,
    obstacles: [labelBox(exactLabel)],
    lines: series.map((each) => points.filter((point) => point.series === each)),
  });

  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escapeUTF8(titleOf(report))}</title>
<style>${plotStyle}
</style>
<rect class="paper" width="${width}" height="${height}"/>
${[
  drawTitle(report),
  ...y.ticks.map((tick) => drawRecallTick(y.scale(tick), tick)),
  ...x.ticks.map((tick) => drawLatencyTick(x.scale(tick), tick)),
  drawAxes(report.k),
  `<line class="exact" x1="${exactX}" x2="${exactX}" y1="${frame.top}" y2="${frame.bottom}"/>`,
  ...series.map((each) => drawLine(each, points)),
  ...points.map((point) => drawPoint(point)),
  // A halo first: not all programs paint a text's outline beneath it.
  ...[...labels.values()].map((label) => drawText(label, 'label halo')),
  ...[...labels].map(
    ([
      {
        series: { hue },
      },
      label,
    ]) => drawText(label, `label ${hueClass(hue)}`),
  ),
  drawText(exactLabel, 'faint small'),
  ...series.map((each, at) => drawLegend(each, frame.top + 20 + at * 24)),
  drawNotes(frame.top + 20 + series.length * 24 + 14),
].join('\n')}
</svg>
`;
}

interface Axis {
  scale: (value: number) => number;
  ticks: number[];
}

function latencyScale(values: readonly number[]): Axis {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // A factor on both sides, so that one single value has a width, too.
  const scale = scaleLog([least / 1.15, most * 1.15], [frame.left + inset, frame.right - inset]);
  const ticks = scale.ticks(8);
  const linear = scaleLinear(scale.domain(), [0, 1]).ticks(6);
  // Within less than a decade a log scale has few round numbers.
  const round = most / least > 8 ? ticks.filter((tick) => /^[125]/.test(tick.toExponential())) : linear;
  return { scale, ticks: round };
}

const recallTicks = [1, 0.999, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0];
const tickGap = 22;

/** By the square root of what is missed: what matters is near 1, and b1 may find half. */
function recallScale(values: readonly number[]): Axis {
  const least = Math.min(...values, 0.98);
  const floor = recallTicks.find((tick) => tick <= least) ?? 0;
  const missed = scaleSqrt([1 - floor, 0], [frame.bottom - inset, frame.top + inset]);
  const scale = (recall: number): number => missed(1 - recall);
  const ticks = recallTicks.filter((tick) => tick >= floor);
  const far = (tick: number, at: number): boolean => at === 0 || scale(tick) - scale(ticks[at - 1] ?? 1) >= tickGap;
  return { scale, ticks: ticks.filter(far) };
}

function titleOf({ k, table, column }: RecallReport): string {
  return `recall@${k} over latency: ${table}.${column}`;
}

function drawTitle(report: RecallReport): string {
  const { rows, dimensions, distance, queries, isSample, indexes, queryVectors, filter } = report;
  const [index] = indexes;
  const facts = [
    isSample ? `sample of ${count(rows)} rows` : `${count(rows)} rows`,
    `${dimensions} dimensions`,
    distance,
    ...(!isSample && index !== undefined ? [`index ${index.name} (${index.quantization})`] : []),
    `${queries} ${queryVectors === undefined ? 'rows' : 'vectors'} searched for`,
  ];
  const from = queryVectors === undefined ? [] : [`vectors from ${queryVectors}`];
  const second = [...from, ...(filter === undefined ? [] : [`filter ${filter}`])].join(' · ');
  return `<text class="title" x="24" y="34">${escapeUTF8(titleOf(report))}</text>
<text class="faint" x="24" y="55">${escapeUTF8(facts.join(' · '))}</text>
<text class="faint small" x="24" y="73">${escapeUTF8(second.length > 140 ? `${second.slice(0, 139)}…` : second)}</text>`;
}

function drawRecallTick(y: number, tick: number): string {
  return `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/>
<text class="faint" x="${frame.left - 10}" y="${y + 4}" text-anchor="end">${Number(tick.toPrecision(6))}</text>`;
}

function drawLatencyTick(x: number, tick: number): string {
  return `<line class="grid" x1="${x}" x2="${x}" y1="${frame.top}" y2="${frame.bottom}"/>
<text class="faint" x="${x}" y="${frame.bottom + 20}" text-anchor="middle">${Number(tick.toPrecision(6))}</text>`;
}

function drawAxes(k: number): string {
  const { left, right, top, bottom } = frame;
  const middle = (top + bottom) / 2;
  return `<path class="axis" fill="none" d="M${left} ${top}V${bottom}H${right}"/>
<text x="${(left + right) / 2}" y="${bottom + 44}" text-anchor="middle">median latency of a search, ms (logarithmic)</text>
<text transform="translate(22 ${middle}) rotate(-90)" text-anchor="middle">recall@${k} (stretched towards 1)</text>`;
}

function exactLabelAt(x: number, medianMs: number): PlacedLabel {
  const isRight = x > (frame.left + frame.right) / 2;
  return {
    text: `exact, ${medianMs.toPrecision(3)} ms`,
    x: isRight ? x - 6 : x + 6,
    y: frame.bottom - 8,
    anchor: isRight ? 'end' : 'start',
  };
}

function drawLine(series: PlotSeries, points: readonly PlotPoint[]): string {
  const path = points.filter((point) => point.series === series).map(({ x, y }) => `${round(x)},${round(y)}`);
  return `<polyline class="line ${hueClass(series.hue)}${series.isRescored ? ' dashed' : ''}" points="${path.join(' ')}"/>`;
}

function drawPoint({ x, y, series, result }: PlotPoint): string {
  const { ef, recall, medianMs, p99Ms, isDefault } = result;
  const hue = hueClass(series.hue);
  const hover = `${series.name}, ef ${ef}: recall ${recall.toFixed(4)}, median ${medianMs.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
  const ring = isDefault ? `<circle class="ring ${hue}" cx="${round(x)}" cy="${round(y)}" r="8"/>` : '';
  return `${ring}<circle class="dot ${series.isRescored ? 'hollow' : 'filled'} ${hue}" cx="${round(x)}" cy="${round(y)}" r="4"><title>${escapeUTF8(hover)}</title></circle>`;
}

const drawText = ({ text, x, y, anchor }: PlacedLabel, classes: string): string =>
  `<text class="${classes}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeUTF8(text)}</text>`;

function drawLegend({ name, hue, isRescored }: PlotSeries, y: number): string {
  const left = frame.right + 20;
  return `<line class="line ${hueClass(hue)}${isRescored ? ' dashed' : ''}" x1="${left}" x2="${left + 34}" y1="${y}" y2="${y}"/>
<circle class="dot ${isRescored ? 'hollow' : 'filled'} ${hueClass(hue)}" cx="${left + 17}" cy="${y}" r="4"/>
<text x="${left + 44}" y="${y + 4}">${escapeUTF8(name)}</text>`;
}

function drawNotes(y: number): string {
  const left = frame.right + 20;
  return `<text class="faint small" x="${left}" y="${y}">Numbers: ef (hnsw_candidate_</text>
<text class="faint small" x="${left}" y="${y + 15}">list_size_for_search).</text>
<text class="faint small" x="${left}" y="${y + 36}">Ring: ClickHouse's default.</text>`;
}

function importance({ result, series }: PlotPoint): number {
  const isOuter = result === series.results[0] || result === series.results.at(-1);
  return Number(result.isDefault) * 2 + Number(isOuter);
}

const round = (value: number): number => Math.round(value * 10) / 10;

const count = (rows: number): string => rows.toLocaleString('en-US').replaceAll(',', '\u{202F}');
