import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

import { connectToHost, connectOrStartHost, runtimeRemedy, type RuntimePaths } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Control } from './greeting.ts';
import type { HostStatus } from './host-status.ts';

const endTimeoutMs = 3_000;

/** Asks the running host for its status; `undefined` where none runs. */
export async function readHostStatus(paths: RuntimePaths): Promise<HostStatus | undefined> {
  return control(paths, 'status');
}

/** Tells the running host to stay when idle, and answers its status; `undefined` where none runs. */
export async function keepHost(paths: RuntimePaths): Promise<HostStatus | undefined> {
  return control(paths, 'keep');
}

/**
 * Asks the running host to end and waits until it has, at most some seconds after it has closed; answers its last
 * status, `undefined` where none ran.
 */
export async function stopHost(paths: RuntimePaths): Promise<HostStatus | undefined> {
  const status = await control(paths, 'stop');
  if (status !== undefined) {
    await ended(status.pid);
  }
  return status;
}

/**
 * Starts a host with the given program unless one runs, and answers its status.
 * @throws HOST_UNAVAILABLE with the log's path if it does not start
 */
export async function startHost(paths: RuntimePaths, hostProgram: readonly string[]): Promise<HostStatus | undefined> {
  (await openConnection(paths, hostProgram)).destroy();
  return readHostStatus(paths);
}

/**
 * Connects to the host, starting it with the given program unless one runs.
 * @throws HOST_UNAVAILABLE with the log's path if it does not start
 */
export async function openConnection(paths: RuntimePaths, hostProgram: readonly string[]): Promise<Socket> {
  return connectOrStartHost(paths, hostProgram).catch(unavailable);
}

/** The bridge's errors are plain ones with a sentence for the user: it imports nothing. */
function unavailable(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = cause instanceof Error && 'syscall' in cause ? `${reason}: ${runtimeRemedy}` : reason;
  throw new EmbedhouseError('HOST_UNAVAILABLE', message, { cause });
}

async function control(paths: RuntimePaths, command: Control): Promise<HostStatus | undefined> {
  const socket = await connectToHost(paths.socket).catch(unavailable);
  if (socket === undefined) {
    return undefined;
  }
  socket.write(`${JSON.stringify({ control: command })}\n`);
  // One that goes before it has answered runs no more.
  const answer = await text(socket).catch(() => '');
  // The host of this project answers nothing else to these commands.
  return answer === '' ? undefined : (JSON.parse(answer) as HostStatus);
}

async function ended(pid: number): Promise<void> {
  const deadline = Date.now() + endTimeoutMs;
  while (isAlive(pid) && Date.now() < deadline) {
    await sleep(20);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // In a container whose first process collects no children, an ended process stays in the table.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return !existsSync('/proc/self/stat'); // No /proc: not Linux.
  }
}
