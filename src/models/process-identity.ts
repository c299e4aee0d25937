import { readFileSync } from 'node:fs';

/** A process and when it was started: numbers are given again to other processes. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since the system's start; 0 where that is not known, as without /proc (macOS). */
  readonly startedAt: number;
}

/** Tells which process this is. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startedAt: readStart(process.pid) ?? 0 };
}

/** Whether the process still runs, and is that one. */
export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process is one, too.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) {
      return false;
    }
  }
  const start = readStart(pid);
  return start === undefined || startedAt === 0 || start === startedAt;
}

/** The 22nd field of /proc/PID/stat (proc_pid_stat(5)); the second is the name in brackets, which may hold anything. */
function readStart(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  } catch {
    return undefined;
  }
}
