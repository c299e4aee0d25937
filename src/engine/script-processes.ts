import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Ends the scripts that ClickHouse has started in this process: children of ours whose command line names the
 * folder of scripts. ClickHouse itself cannot be made to stop waiting for one.
 */
export async function stopScripts(userScriptsPath: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  for (const child of await listChildren()) {
    if (!child.command.includes(userScriptsPath)) continue;
    try {
      process.kill(child.pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}

interface Child {
  pid: number;
  command: string;
}

async function listChildren(): Promise<Child[]> {
  const children = process.platform === 'linux' ? await listChildrenFromProc() : await listChildrenFromPs();
  return children.filter((child) => child.pid !== process.pid);
}

async function listChildrenFromProc(): Promise<Child[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      // The name in parentheses may hold anything; the state and the parent's id follow its last `)`.
      const parent = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
      if (parent !== String(process.pid)) return [];
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return [{ pid: Number(pid), command: command.replaceAll('\0', ' ') }];
    }),
  );
  return found.flat();
}

async function listChildrenFromPs(): Promise<Child[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const groups = /^\s*(?<pid>\d+)\s+(?<parent>\d+)\s+(?<command>.*)$/.exec(line)?.groups;
    if (groups === undefined || Number(groups['parent']) !== process.pid) return [];
    return [{ pid: Number(groups['pid']), command: groups['command'] ?? '' }];
  });
}
