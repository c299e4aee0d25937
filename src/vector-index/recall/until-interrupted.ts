import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import type { RecallReport } from './recall-report.ts';

/**
 * Runs a measurement, which gives its report to `keep` as soon as there is one and fills it from then on. When the signal
 * stops it, the report is what had been measured.
 *
 * @throws EmbedhouseError `CANCELLED` when nothing had been; what `measure` throws
 */
export async function untilInterrupted(
  signal: AbortSignal,
  measure: (keep: (report: RecallReport) => void) => Promise<RecallReport>,
): Promise<RecallReport> {
  let kept: RecallReport | undefined;
  try {
    return await measure((report) => {
      kept = report;
    });
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    if (kept === undefined || kept.indexes.every(({ results }) => results.length === 0)) {
      throw new EmbedhouseError('CANCELLED', 'stopped before anything was measured', { cause: error });
    }
    return { ...kept, isInterrupted: true };
  }
}
