#!/usr/bin/env node
/**
 * The bridge: the executable that ClickHouse starts for a hosted function. It copies stdin to the model host and the
 * host's answer to stdout, and starts the host when there is none. It parses nothing and loads nothing, so that
 * sixteen of them cost little.
 *
 * To the host: one line of JSON (`BridgeHello`), then stdin's bytes as they are.
 * From the host: frames of a type byte, a length (uint32, little-endian) and a payload; see `frameTypes`.
 */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** What a bridge says first. Paths are absolute. */
export interface BridgeHello {
  protocol: typeof protocolVersion;
  arguments: string[];
  folder: string;
  modelsPath: string;
  model?: string;
  imageFolders?: string;
}

/** Both sides must speak the same; raised whenever the hello or the frames change. */
export const protocolVersion = 1;

/**
 * `data`: bytes for stdout. `answered`: all rows of the input's first N bytes are answered (float64 N): the bridge is
 * idle once N is all it sent. `failure`: one sentence for the user.
 */
export const frameTypes = { data: 0, answered: 1, failure: 2 } as const;

export interface RuntimePaths {
  folder: string;
  socket: string;
  log: string;
  lock: string;
}

/** The longest path that fits into `sun_path`: 108 bytes on Linux, 104 on macOS, the closing zero included. */
const maxSocketPathBytes = 103;
const hostStartTimeoutMs = 60_000;
const startAttemptMs = 15_000;

/**
 * Says where the host's socket, log and lock are: `EMBEDHOUSE_RUNTIME`, else a folder of the user's own under
 * `XDG_RUNTIME_DIR` or the temporary folder.
 */
export function runtimePaths(env: NodeJS.ProcessEnv = process.env): RuntimePaths {
  const user = process.getuid?.() ?? 0;
  const candidates = [
    env['EMBEDHOUSE_RUNTIME'],
    env['XDG_RUNTIME_DIR'] && join(env['XDG_RUNTIME_DIR'], 'embedhouse'),
    join(tmpdir(), `embedhouse-${user}`),
    `/tmp/embedhouse-${user}`,
  ];
  const fits = (folder: string | undefined): folder is string =>
    Boolean(folder) && Buffer.byteLength(join(resolve(String(folder)), 'host.sock')) <= maxSocketPathBytes;
  const folder = resolve(candidates.find(fits) ?? `/tmp/embedhouse-${user}`);
  const inside = (name: string): string => join(folder, name);
  return { folder, socket: inside('host.sock'), log: inside('host.log'), lock: inside('host.starting') };
}

/**
 * Creates the folder of the socket, for the user alone.
 * @throws Error if it is not a folder of this user that others cannot enter
 */
export function ensurePrivateFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  const user = process.getuid?.() ?? stats.uid;
  if (!stats.isDirectory() || stats.uid !== user) {
    throw new Error(`${folder} belongs to another user: set EMBEDHOUSE_RUNTIME to a folder of your own`);
  }
  if ((stats.mode & 0o077) !== 0) {
    chmodSync(folder, 0o700);
  }
}

/** Connects to the host, or answers `undefined` where none listens. */
export async function connectToHost(socketPath: string): Promise<Socket | undefined> {
  return new Promise((done) => {
    const socket = createConnection(socketPath);
    socket.once('connect', () => done(socket));
    socket.once('error', () => done(undefined));
  });
}

/**
 * Connects to the host and starts one if there is none. Of many that find none at once, the one that creates the lock
 * starts it; the others wait for the socket.
 * @throws Error with the log's path if no host listens within a minute
 */
export async function connectOrStartHost(paths: RuntimePaths, hostProgram: readonly string[]): Promise<Socket> {
  const deadline = Date.now() + hostStartTimeoutMs;
  let starting: { failed?: string } = {};
  ensurePrivateFolder(paths.folder);
  while (Date.now() < deadline) {
    const socket = await connectToHost(paths.socket);
    if (socket !== undefined) {
      return socket;
    }
    if (starting.failed !== undefined) {
      throw new Error(`the model host could not start (${starting.failed}): its log is ${paths.log}`);
    }
    if (claimStart(paths.lock)) {
      starting = startHost(paths, hostProgram);
    }
    await sleep(20);
  }
  throw new Error(`the model host did not answer within ${hostStartTimeoutMs / 1000} s: its log is ${paths.log}`);
}

/** Creates the lock; one left by a starter that died is taken over after a while. */
function claimStart(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch {
    try {
      if (Date.now() - statSync(lock).mtimeMs > startAttemptMs) {
        unlinkSync(lock);
      }
    } catch {
      // The lock is gone: the next round decides.
    }
    return false;
  }
}

function startHost(paths: RuntimePaths, hostProgram: readonly string[]): { failed?: string } {
  const state: { failed?: string } = {};
  const log = openSync(paths.log, 'a', 0o600);
  const nothing = openSync('/dev/null', 'r');
  const [command = process.execPath, ...args] = hostProgram;
  const child = spawn(command, args, {
    cwd: '/',
    detached: true,
    stdio: ['ignore', log, log, ...coverInherited(nothing)],
  });
  closeSync(nothing);
  closeSync(log);
  const fail = (reason: string): void => {
    state.failed ??= reason;
    try {
      unlinkSync(paths.lock);
    } catch {
      // Another one has it by now.
    }
  };
  child.once('error', (error) => fail(error.message));
  child.once('exit', (code, signal) =>
    code === 0 ? undefined : fail(`it ended with ${signal ?? `exit code ${code}`}`),
  );
  child.unref();
  return state;
}

/**
 * Covers what ClickHouse left open in its children (log files, sockets, pipes) with /dev/null: the host outlives
 * ClickHouse and must not hold any of it. Node marks most descriptors close-on-exec, but not those after a gap.
 */
function coverInherited(nothing: number): number[] {
  try {
    const open = readdirSync('/proc/self/fd').map(Number);
    const inherited = open.filter((fd) => fd > 2 && !isClosedOnExec(fd));
    return Array.from({ length: Math.max(2, ...inherited) - 2 }, () => nothing);
  } catch {
    return []; // No /proc: not Linux.
  }
}

function isClosedOnExec(fd: number): boolean {
  try {
    const flags = /^flags:\s*(?<flags>[0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.groups?.[
      'flags'
    ];
    return flags === undefined || (Number.parseInt(flags, 8) & 0o2000000) !== 0;
  } catch {
    return true; // Closed in the meantime: it was the one that read the folder.
  }
}

/** The copying itself: one connection at a time, made anew when the host has gone while nothing was asked. */
class Bridge {
  readonly #hello: BridgeHello;
  readonly #hostProgram: readonly string[];
  #socket: Socket | undefined;
  #sentBytes = 0;
  #answeredBytes = 0;
  #pending: Buffer = Buffer.alloc(0);

  constructor(hello: BridgeHello, hostProgram: readonly string[]) {
    this.#hello = hello;
    this.#hostProgram = hostProgram;
  }

  /** Copies until stdin ends and everything asked is answered. */
  async run(): Promise<void> {
    for await (const chunk of process.stdin) {
      const socket = (this.#socket ??= await this.#connect());
      this.#sentBytes += chunk.length;
      if (!socket.write(chunk)) {
        await new Promise<void>((done) => {
          socket.once('drain', done);
          socket.once('close', () => done());
        });
      }
    }
    if (this.#socket === undefined) {
      return;
    }
    this.#socket.end();
    await new Promise<void>((done) => this.#socket?.once('close', () => done()));
  }

  async #connect(): Promise<Socket> {
    const socket = await connectOrStartHost(runtimePaths(), this.#hostProgram);
    this.#sentBytes = 0;
    this.#answeredBytes = 0;
    this.#pending = Buffer.alloc(0);
    socket.write(`${JSON.stringify(this.#hello)}\n`);
    socket.on('data', (chunk) => this.#receive(socket, chunk));
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#socket = undefined;
      if (this.#answeredBytes < this.#sentBytes) {
        fail(
          `${this.#hello.arguments[0]}: the model host stopped while it worked on this query: run it again; the host's log is ${runtimePaths().log}`,
        );
      }
    });
    return socket;
  }

  #receive(socket: Socket, chunk: Buffer): void {
    let rest = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32LE(1)) {
      const payload = rest.subarray(5, 5 + rest.readUInt32LE(1));
      const type = rest[0];
      rest = rest.subarray(5 + payload.length);
      if (type === frameTypes.failure) {
        fail(payload.toString());
      } else if (type === frameTypes.answered) {
        this.#answeredBytes = payload.readDoubleLE();
      } else if (!process.stdout.write(payload)) {
        socket.pause();
        process.stdout.once('drain', () => socket.resume());
      }
    }
    this.#pending = rest;
  }
}

/** The line goes into the query's exception; the engine shows what stands behind the prefix. */
function fail(message: string): never {
  process.stderr.write(`embedhouse: ${message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  // Ctrl-C reaches the whole terminal's group; ClickHouse ends us by closing stdin.
  process.on('SIGINT', () => {});
  process.stdout.on('error', () => process.exit(1));
  const env = process.env;
  const program = env['EMBEDHOUSE_HOST_PROGRAM'] ?? join(dirname(fileURLToPath(import.meta.url)), '../cli/main.js');
  const script = resolve(process.argv[1] ?? 'embed');
  const hello: BridgeHello = {
    protocol: protocolVersion,
    arguments: process.argv.slice(2),
    folder: process.cwd(),
    modelsPath: resolve(env['EMBEDHOUSE_MODELS'] ?? join(dirname(dirname(script)), 'models')),
    ...(env['EMBEDHOUSE_MODEL'] && { model: env['EMBEDHOUSE_MODEL'] }),
    ...(env['EMBEDHOUSE_IMAGE_FOLDERS'] && { imageFolders: env['EMBEDHOUSE_IMAGE_FOLDERS'] }),
  };
  try {
    await new Bridge(hello, [process.execPath, program, 'host', 'run', '--on-demand']).run();
  } catch (error) {
    fail(`${hello.arguments[0] ?? basename(script)}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main();
}
