import type { Engine } from '../../engine/engine.ts';
import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { tableSql } from '../table-name.ts';
import { checkPart } from './check-part.ts';
import { findParts } from './find-parts.ts';
import { FileLinks } from './file-links.ts';
import { faultOfPart } from './fault-of-part.ts';
import type { CheckedPart, LaionPart, LeftOutPart } from './laion-part.ts';
import type { LaionReport } from './laion-report.ts';
import { prepareLaionTable, readDimensions, type LaionTableOptions } from './laion-table.ts';
import { loadPart } from './load-part.ts';
import { PartLedger } from './part-ledger.ts';
import { planLoad } from './plan-load.ts';
import { recoverParts } from './recover-parts.ts';
import { requireSpace } from './require-space.ts';

export interface IngestLaionOptions extends LaionTableOptions {
  /** Where the parts are. */
  folder: string;
  /** Says whether a part of that number is to be loaded. @default all */
  isWanted?: ((number: number) => boolean) | undefined;
  /** An engine on this machine, which reads the files. */
  reader: Engine;
  /** The engine that has the table; the same, or a server's. */
  target: Engine;
  report: LaionReport;
  signal: AbortSignal;
}

/** What a load did. */
export interface IngestLaionResult {
  loaded: { part: number; rows: number; seconds: number }[];
  /** `rows` are those that the table has of it. */
  wasLoaded: { part: number; rows: number }[];
  leftOut: { part: number; reason: string }[];
}

/**
 * Loads parts of LAION-400M, or of data shaped like it, into a table: each part whole or not at all, and once however often
 * this is run. Parts whose files do not fit together are left out. What has been loaded is in the table `<table>_parts`.
 *
 * @throws EmbedhouseError `FILE_UNUSABLE` for a folder without parts, or without room for the next one; `USAGE` for a table
 *   that does not fit; `QUERY_CANCELLED`; QueryError (`QUERY_FAILED`) for what is wrong with the table or the server
 */
export async function ingestLaion(options: IngestLaionOptions): Promise<IngestLaionResult> {
  const { folder, isWanted = () => true, reader, target, report, signal } = options;
  await using links = new FileLinks();
  const result: IngestLaionResult = { loaded: [], wasLoaded: [], leftOut: [] };
  const leaveOut = ({ number, reason: lines }: LeftOutPart): void => {
    const reason = lines.replaceAll(/\s+/g, ' ');
    report.leftOut({ number, reason });
    result.leftOut.push({ part: number, reason });
  };

  const found = await findParts(folder, isWanted);
  found.leftOut.forEach(leaveOut);
  const checked = await checkParts(found.parts, { reader, links, report, signal, leaveOut });
  if (checked.length === 0) return result;
  const dimensions = await findDimensions(target, options, signal);
  const parts = keepEqualDimensions(checked, dimensions, leaveOut);
  const table = await prepareLaionTable(target, parts, options, signal);
  const ledger = new PartLedger(target, options.table, signal);
  await ledger.create();
  const known = await recoverParts(target, table, ledger, { isWanted, signal });

  const plan = await planLoad(target, table, parts, known, signal);
  plan.leftOut.forEach(leaveOut);
  for (const { part, reason } of result.leftOut) {
    if (known.get(part)?.state !== 'loaded') await ledger.writeLeftOut(part, reason);
  }
  for (const { part, rows } of plan.wasLoaded) {
    report.wasLoaded(part, rows);
    result.wasLoaded.push({ part: part.number, rows });
  }
  report.begin(totalsOf(plan.load));
  for (const part of plan.load) {
    report.beginPart(part);
    const startedAt = performance.now();
    try {
      await requireSpace(target, table, part, signal);
      const beforeAttach = async (): Promise<void> => ledger.write(part, 'loading');
      await loadPart(part, { reader, target, table, signal, beforeAttach, onRows: (rows) => report.rows(rows) });
    } catch (error) {
      const reason = await faultOfPart(error, part, { reader, table, signal });
      if (reason === undefined) throw explain(error, part, signal);
      leaveOut({ number: part.number, reason });
      await ledger.writeLeftOut(part.number, reason);
      continue;
    }
    const seconds = (performance.now() - startedAt) / 1000;
    await ledger.write(part, 'loaded', seconds);
    report.loaded(part, seconds);
    result.loaded.push({ part: part.number, rows: part.rows, seconds });
  }
  return result;
}

async function checkParts(
  parts: readonly LaionPart[],
  {
    reader,
    links,
    report,
    signal,
    leaveOut,
  }: Pick<IngestLaionOptions, 'reader' | 'report' | 'signal'> & {
    links: FileLinks;
    leaveOut: (part: LeftOutPart) => void;
  },
): Promise<CheckedPart[]> {
  const checked: CheckedPart[] = [];
  for (const [index, part] of parts.entries()) {
    report.checking(index, parts.length);
    try {
      checked.push(await checkPart(part, await links.reachable(part), reader, signal));
    } catch (error) {
      if (!(error instanceof EmbedhouseError) || !['FORMAT_INVALID', 'FILE_UNUSABLE'].includes(error.code)) throw error;
      leaveOut({ number: part.number, reason: error.message });
    }
  }
  report.checking(parts.length, parts.length);
  return checked;
}

async function findDimensions(
  target: Engine,
  { table }: LaionTableOptions,
  signal: AbortSignal,
): Promise<number | undefined> {
  const [exists] = await target.rows<{ exists: number }>(`EXISTS TABLE ${tableSql(table)}`, { signal });
  // A table of other columns is refused when it is prepared, which says why.
  return Object.values(exists ?? {})[0] === 1
    ? readDimensions(target, table, signal).catch(() => undefined)
    : undefined;
}

/** Keeps the parts whose vectors are as long as those in the table, or, where it has none, as those of most rows. */
function keepEqualDimensions(
  parts: readonly CheckedPart[],
  known: number | undefined,
  leaveOut: (part: LeftOutPart) => void,
): CheckedPart[] {
  const rows = new Map<number, number>();
  for (const part of parts) rows.set(part.dimensions, (rows.get(part.dimensions) ?? 0) + part.rows);
  const most = [...rows].toSorted(([, first], [, second]) => second - first)[0]?.[0];
  const wanted = known ?? most;
  const others = known === undefined ? "the other parts'" : "the table's";
  return parts.filter(({ number, dimensions }) => {
    if (dimensions === wanted) return true;
    leaveOut({ number, reason: `its vectors have ${dimensions} dimensions, and ${others} ${wanted}` });
    return false;
  });
}

function totalsOf(parts: readonly CheckedPart[]): { parts: number; rows: number; bytes: number } {
  const sum = (field: 'rows' | 'bytes'): number => parts.reduce((total, part) => total + part[field], 0);
  return { parts: parts.length, rows: sum('rows'), bytes: sum('bytes') };
}

function explain(error: unknown, part: CheckedPart, signal: AbortSignal): unknown {
  if (!(error instanceof EmbedhouseError)) return error;
  const goOn = 'parts that are loaded stay loaded; run the same command again to go on';
  if (signal.aborted) {
    return new EmbedhouseError('QUERY_CANCELLED', `stopped in part ${part.number}; ${goOn}`, { cause: error });
  }
  return new EmbedhouseError(error.code, `part ${part.number} could not be loaded: ${error.message}; ${goOn}`, {
    cause: error,
  });
}
