import prettyBytes from 'pretty-bytes';

import type { MeasuredIndex, RecallReport, SearchResult } from '../vector-index/recall/recall-report.ts';
import { printTable } from './print-table.ts';

/** Prints a report: what was measured, what indexes cost if they were built for it, and each way of searching. */
export function printRecall(report: RecallReport): void {
  process.stdout.write(`${describeReport(report)}\n\n`);
  const isComparison = report.isSample;
  if (isComparison) {
    printTable(
      ['quantization', 'build s', 'on disk', 'in memory'],
      report.indexes.map((index) => costRow(index)),
    );
    process.stdout.write('\n');
  }
  const columns = resultColumns(report, isComparison);
  printTable(
    columns.map(({ title }) => title),
    [
      columns.map(({ exact }) => exact),
      ...report.indexes.flatMap((index) =>
        index.results.map((result) => columns.map(({ cell }) => cell(result, index))),
      ),
    ],
  );
  for (const { name, results } of report.indexes) {
    const lostRows = Math.min(...results.map((result) => result.lostRows ?? 0));
    if (results.length > 0 && lostRows > 0) {
      process.stdout.write(
        `${lostRows} of ${report.queries} rows are never found in ${name}, even by their own vector: building an index with several threads may lose rows\n`,
      );
    }
  }
  for (const { quantization, reason } of report.leftOut) {
    process.stdout.write(`${quantization} is left out: ${reason}\n`);
  }
}

function describeReport(report: RecallReport): string {
  const { table, column, distance, dimensions, rows, queries, indexes, filter, matchingRows = 0 } = report;
  const [index] = indexes;
  const isComparison = report.isSample;
  const searched = isComparison ? `a sample of ${rows} rows` : `${rows} rows`;
  const shape = index === undefined ? '' : `m ${index.m}, ef at construction ${index.efConstruction}`;
  const indexed = isComparison ? `indexes with ${shape}` : `index ${index?.name} (${index?.quantization}, ${shape})`;
  const vectors = report.queryVectors === undefined ? 'rows of the table' : `from ${report.queryVectors}`;
  const share = Number(((matchingRows / rows) * 100).toPrecision(2));
  return [
    `${table}.${column}: ${searched}, ${dimensions} dimensions, ${distance}, ${indexed}`,
    `${queries} vectors to search for: ${vectors}`,
    ...(filter === undefined ? [] : [`filter: ${filter}, fulfilled by ${matchingRows} rows (${share} %)`]),
  ].join('\n');
}

function costRow({ quantization, buildSeconds, diskBytes, memoryBytes }: MeasuredIndex): string[] {
  return [
    quantization,
    buildSeconds?.toFixed(1) ?? '',
    prettyBytes(diskBytes),
    memoryBytes === undefined ? '' : prettyBytes(memoryBytes),
  ];
}

interface Column {
  title: string;
  /** What the exact search has there. */
  exact: string;
  cell: (result: SearchResult, index: MeasuredIndex) => string;
}

function resultColumns({ k, exact, filter }: RecallReport, isComparison: boolean): Column[] {
  const column = (title: string, exactCell: string, cell: Column['cell']): Column => ({
    title,
    exact: exactCell,
    cell,
  });
  return [
    ...(isComparison ? [column('quantization', 'exact', (_, { quantization }) => quantization)] : []),
    ...(filter === undefined ? [] : [column('filter', 'exact', ({ filterStrategy }) => filterStrategy)]),
    column('ef', isComparison || filter !== undefined ? '' : 'exact', ({ ef, usesIndex }) =>
      usesIndex ? String(ef) : 'no index',
    ),
    column('rescoring', '', ({ rescoring, usesIndex }) => (usesIndex ? (rescoring ? 'yes' : 'no') : '')),
    column('fetch', '', ({ fetchMultiplier, usesIndex }) => (usesIndex ? `× ${fetchMultiplier}` : '')),
    ...(filter === undefined ? [] : [column('rows', '', ({ meanRows }) => meanRows.toFixed(1))]),
    column(`recall@${k}`, '1', ({ recall }) => recall.toFixed(4)),
    column('median ms', exact.medianMs.toFixed(2), ({ medianMs }) => medianMs.toFixed(2)),
    column('p99 ms', exact.p99Ms.toFixed(2), ({ p99Ms }) => p99Ms.toFixed(2)),
    column('speed-up', '', ({ speedup }) => `${speedup.toFixed(1)} ×`),
    column('', '', ({ isDefault }) => (isDefault ? '← default' : '')),
  ];
}
