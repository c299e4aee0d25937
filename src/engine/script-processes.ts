import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The variable by which the processes are known that an engine's functions start, and those that they start. */
const markName = 'EMBEDHOUSE_ENGINE';

/** As long as ClickHouse itself, unless told otherwise, waits for a script to end with its pipes. */
const abandonedMs = 10_000;
const sigkillMs = 1000;

interface Script {
  pid: number;
  /** Of its stdin, stdout and stderr. */
  pipes: readonly string[];
}

/**
 * The scripts that ClickHouse has started in this process, which cannot be made to stop waiting for one, and what they
 * left running with their output still open, for which ClickHouse waits as well.
 */
export class ScriptProcesses {
  readonly #userScriptsPath: string;
  readonly #mark = randomUUID();
  readonly #forgotten = new AbortController();

  /** Marks this process's environment, which scripts inherit. */
  constructor(userScriptsPath: string) {
    this.#userScriptsPath = userScriptsPath;
    // Every failure listens to it for a while.
    setMaxListeners(0, this.#forgotten.signal);
    process.env[markName] = this.#mark;
  }

  /** Sends a signal to all of them, and says how many there were. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<number> {
    const scripts = await this.#list();
    for (const { pid } of scripts) send(pid, signal);
    return scripts.length;
  }

  /** Sends a signal to those whose pipes ClickHouse has closed, so that they had the end of their input. */
  async stopAbandoned(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    for (const pid of await this.#listAbandoned()) send(pid, signal);
  }

  /**
   * Ends, after a while, those whose pipes ClickHouse has closed already and that are still there: it sends one SIGTERM
   * to a script that failed, does not look whether that helps, and knows nothing of what the script has started.
   */
  async endAbandoned(): Promise<void> {
    const { signal } = this.#forgotten;
    let abandoned = await this.#listAbandoned();
    for (const [waitMs, end] of [
      [abandonedMs, 'SIGTERM'],
      [sigkillMs, 'SIGKILL'],
    ] as const) {
      if (abandoned.length === 0) return;
      await sleep(waitMs, undefined, { signal, ref: false }).catch(() => {});
      if (signal.aborted) return;
      const still = new Set(await this.#listAbandoned());
      abandoned = abandoned.filter((pid) => still.has(pid));
      for (const pid of abandoned) send(pid, end);
    }
  }

  /** Takes the mark away. */
  forget(): void {
    this.#forgotten.abort();
    if (process.env[markName] === this.#mark) delete process.env[markName];
  }

  async #listAbandoned(): Promise<number[]> {
    if (process.platform !== 'linux') return [];
    const scripts = await this.#list();
    // After the scripts: one that starts meanwhile would seem to have no pipe here.
    const open = await readAllPipes();
    return scripts.filter(({ pipes }) => !pipes.some((pipe) => open.has(pipe))).map(({ pid }) => pid);
  }

  async #list(): Promise<Script[]> {
    if (process.platform !== 'linux') return listByCommand(this.#userScriptsPath);
    const ownSession = (await readStat('self')).session;
    const ownPipes = new Set(await readPipes('self'));
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
    const found = await Promise.all(
      pids.map(async (pid) => {
        const { parent, session } = await readStat(pid);
        // A service that a script has started for good (the model host is one) has a session of its own.
        if (parent !== process.pid && session !== ownSession) return [];
        const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
        if (!environment.split('\0').includes(`${markName}=${this.#mark}`)) return [];
        // ClickHouse gives pipes to what it starts; what Node starts in this process has sockets or this one's own.
        const pipes = (await readPipes(pid)).filter((pipe) => !ownPipes.has(pipe));
        return pipes.length > 0 ? [{ pid: Number(pid), pipes }] : [];
      }),
    );
    return found.flat();
  }
}

async function readStat(pid: string): Promise<{ parent: number; session: number }> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold anything; state, parent, group and session follow its last `)`.
  const [, parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { parent: Number(parent), session: Number(session) };
}

/** The pipes that are a process's stdin, stdout or stderr. */
async function readPipes(pid: string): Promise<string[]> {
  const targets = await Promise.all(
    [0, 1, 2].map(async (descriptor) => readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')),
  );
  return targets.filter((target) => target.startsWith('pipe:'));
}

/** Every pipe that this process has an end of. */
async function readAllPipes(): Promise<ReadonlySet<string>> {
  const folder = '/proc/self/fd';
  const descriptors = await readdir(folder);
  return new Set(await Promise.all(descriptors.map(async (each) => readlink(`${folder}/${each}`).catch(() => ''))));
}

function send(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Where there is no /proc (macOS): children of this process whose command line names the folder of scripts. */
async function listByCommand(userScriptsPath: string): Promise<Script[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,command=']);
  return stdout.split('\n').flatMap((line) => {
    const groups = /^\s*(?<pid>\d+)\s+(?<parent>\d+)\s+(?<command>.*)$/.exec(line)?.groups;
    const isScript = Number(groups?.['parent']) === process.pid && groups?.['command']?.includes(userScriptsPath);
    return isScript === true ? [{ pid: Number(groups?.['pid']), pipes: [] }] : [];
  });
}
