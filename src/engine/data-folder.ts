import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';

/** A folder that is removed with `remove()`, or when the process ends by itself. */
export interface TemporaryFolder {
  path: string;
  remove: () => Promise<void>;
}

/** @throws EmbedhouseError `FILE_UNUSABLE` when the folder cannot be made */
export async function makeTemporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'embedhouse-')).catch((cause: unknown) => {
    const message = `no temporary folder can be made in ${tmpdir()} (${reasonOf(cause)}); set TMPDIR to a folder that can be written`;
    throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
  });
  const removeAtExit = (): void => rmSync(path, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      process.removeListener('exit', removeAtExit);
    },
  };
}

/** @throws EmbedhouseError `FILE_UNUSABLE` when the folder cannot be made */
export async function makeDataFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    const message = `the data folder ${path} cannot be made (${reasonOf(cause)}); name another with --data`;
    throw new EmbedhouseError('FILE_UNUSABLE', message, { cause });
  }
}

/**
 * Finds the other process that has the folder open. ClickHouse would refuse too, but prints a line of its own.
 *
 * @throws EmbedhouseError `DATA_FOLDER_IN_USE`
 */
export async function refuseFolderInUse(dataPath: string): Promise<void> {
  const pid = await readHolder(dataPath);
  if (pid === undefined || pid === process.pid || !(await hasOpen(pid, join(dataPath, 'status')))) return;
  const holder = await describeProcess(pid);
  const message = `the data folder ${dataPath} is in use by ${holder}; stop that process, or use --data :memory: for a temporary folder`;
  throw new EmbedhouseError('DATA_FOLDER_IN_USE', message);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** ClickHouse keeps `<data>/status` open and locked while it runs, with its process id in the first line. */
async function readHolder(dataPath: string): Promise<number | undefined> {
  const status = await readFile(join(dataPath, 'status'), 'utf8').catch(() => '');
  const pid = /^PID: (?<pid>\d+)$/m.exec(status)?.groups?.['pid'];
  return pid === undefined ? undefined : Number(pid);
}

/** Whether the process has the file open: after a crash the file stays, and its number may be another process's. */
async function hasOpen(pid: number, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => path);
  const folder = `/proc/${pid}/fd`;
  try {
    const names = await readdir(folder);
    const targets = await Promise.all(names.map(async (name) => readlink(join(folder, name)).catch(() => '')));
    return targets.includes(real);
  } catch (error) {
    // Another user's process shows its files to nobody; where there is no /proc (macOS), lsof knows.
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return true;
    const listed = await promisify(execFile)('lsof', ['-t', real]).catch(() => undefined);
    return listed?.stdout.split('\n').includes(String(pid)) ?? false;
  }
}

async function describeProcess(pid: number): Promise<string> {
  const command = await readCommand(pid);
  return command === undefined ? `process ${pid}` : `process ${pid} (${command})`;
}

async function readCommand(pid: number): Promise<string | undefined> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  if (commandLine !== undefined) return commandLine.replaceAll('\0', ' ').trim().slice(0, 120);
  // macOS has no /proc.
  const listed = await promisify(execFile)('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return listed?.stdout.trim().slice(0, 120);
}
