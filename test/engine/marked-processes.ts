import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';

const name = 'EMBEDHOUSE_TEST_MARK';

/** Marks the environment of this process, so that what it starts from now on is known, and what that starts. */
export function markProcesses(): void {
  process.env[name] = randomUUID();
}

/** The command lines of the processes with the mark that are still running; none where there is no /proc (macOS). */
export async function listMarkedProcesses(): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc').catch((): string[] => [])) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!environment.includes(`${name}=${process.env[name] ?? '?'}\0`)) continue;
    found.push(`${pid} ${(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')}`);
  }
  return found;
}
