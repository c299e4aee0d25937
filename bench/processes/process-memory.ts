import { readFile } from 'node:fs/promises';

/**
 * The memory of processes in bytes, each page that several share counted in parts (PSS of /proc/<pid>/smaps_rollup).
 * Processes that have ended count as nothing.
 */
export async function readMemory(pids: readonly number[]): Promise<number> {
  let total = 0;
  for (const pid of pids) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    total += Number(/^Pss:\s+(?<kib>\d+) kB/m.exec(rollup)?.groups?.['kib'] ?? 0) * 1024;
  }
  return total;
}
