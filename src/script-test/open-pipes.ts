import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { execa } from 'execa';

export interface Pipes {
  /** The script's ends; to be closed here once it has them. */
  scriptEnds: { stdin: number; stdout: number; stderr: number };
  stdin: Socket;
  stdout: Socket;
  stderr: Socket;
  /**
   * Lets go whoever opens /dev/stdin when it has ended already: opening a pipe that has a name waits for a writer, and
   * opening one as ClickHouse makes it does not.
   */
  wakeLateReader: () => void;
  remove: () => Promise<void>;
}

/**
 * Opens three pipes as ClickHouse gives them to a script. Node gives its children sockets, which hold more, and which
 * a script cannot open again as /dev/stdin.
 */
export async function openPipes(): Promise<Pipes> {
  const folder = await mkdtemp(join(tmpdir(), 'embedhouse-pipes-'));
  const remove = async (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const [input, output, errors] = ['stdin', 'stdout', 'stderr'].map((name) => join(folder, name)) as [
      string,
      string,
      string, // As many as there are names.
    ];
    await execa('mkfifo', [input, output, errors]);
    const stdin = openPipe(input, 'script reads');
    const stdout = openPipe(output, 'script writes');
    const stderr = openPipe(errors, 'script writes');
    return {
      scriptEnds: { stdin: stdin.scriptEnd, stdout: stdout.scriptEnd, stderr: stderr.scriptEnd },
      stdin: new Socket({ fd: stdin.ownEnd, readable: false, writable: true }),
      stdout: new Socket({ fd: stdout.ownEnd, readable: true, writable: false }),
      stderr: new Socket({ fd: stderr.ownEnd, readable: true, writable: false }),
      wakeLateReader: () => openForAMoment(input),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

function openForAMoment(path: string): void {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Nobody has it open for reading.
  }
}

function openPipe(path: string, use: 'script reads' | 'script writes'): { ownEnd: number; scriptEnd: number } {
  const { O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } = constants;
  // While both ends are open here, neither of the others waits for its opposite.
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  try {
    return use === 'script reads'
      ? { scriptEnd: openSync(path, O_RDONLY), ownEnd: openSync(path, O_WRONLY | O_NONBLOCK) }
      : { ownEnd: openSync(path, O_RDONLY | O_NONBLOCK), scriptEnd: openSync(path, O_WRONLY) };
  } finally {
    closeSync(both);
  }
}
