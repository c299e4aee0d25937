import { readdir, readFile } from 'node:fs/promises';

/** A process as /proc/<pid>/stat describes it (proc(5)); Linux. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  /** Seconds of all cores that it has used. */
  readonly cpuS: number;
}

/** Linux counts in hundredths of a second (USER_HZ) on all processors that Node runs on. */
const ticksPerSecond = 100;

/** A process and all that it started, itself or through others; empty where there is no /proc. */
export async function listProcessTree(root: number): Promise<ProcessStat[]> {
  const names = await readdir('/proc').catch((): string[] => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map(async (name) => readStat(name)));
  const all = found.filter((stat) => stat !== undefined);
  const tree = all.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid));
  return tree;
}

async function readStat(pid: string): Promise<ProcessStat | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in parentheses, which may hold anything; the next one is the third.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = fields.slice(11, 13).reduce((total, field) => total + Number(field), 0);
  return { pid: Number(pid), parent: Number(fields[1]), cpuS: ticks / ticksPerSecond };
}
