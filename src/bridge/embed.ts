#!/usr/bin/env node
/**
 * The bridge: the executable that ClickHouse starts for a hosted function. It copies stdin to the model host and the
 * host's answer to stdout, and starts the host when there is none. It parses nothing and loads nothing, so that
 * sixteen of them cost little.
 * To the host: one line of JSON (`BridgeHello`), then stdin's bytes as they are.
 * From the host: frames of a type byte, a length (uint32, little-endian) and a payload; see `frameTypes`.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
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
export const protocolVersion = 2;

/**
 * `data`: bytes for stdout. `answered`: all rows of the input's first N bytes are answered (float64 N): the bridge is
 * idle once N is all it sent. `failure`: an error code, a line feed, and one sentence for the user.
 */
export const frameTypes = { data: 0, answered: 1, failure: 2 } as const;

export type RuntimePaths = Record<'folder' | 'socket' | 'log' | 'lock', string>;

/** What helps where the system refuses the folder, the lock or the socket. */
export const runtimeRemedy = 'set EMBEDHOUSE_RUNTIME to a folder that you can write to';
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
  return { folder, socket: `${folder}/host.sock`, log: `${folder}/host.log`, lock: `${folder}/host.starting` };
}

/**
 * Creates the folder of the socket, for the user alone.
 * @throws Error if it belongs to another user, or is one that all users share
 */
export function ensurePrivateFolder(folder: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = fs.lstatSync(folder);
  const user = process.getuid?.() ?? stats.uid;
  const isOurs = stats.isDirectory() && stats.uid === user;
  if (!isOurs || (stats.mode & 0o1000) !== 0) {
    const trouble = isOurs ? 'is shared by all users' : 'belongs to another user';
    throw new Error(`${folder} ${trouble}: set EMBEDHOUSE_RUNTIME to a folder of your own`);
  }
  fs.chmodSync(folder, 0o700);
}

/** Connects to the host, or answers `undefined` where none listens (any more). @throws the system's error otherwise */
export async function connectToHost(socketPath: string): Promise<Socket | undefined> {
  return new Promise((done, refuse) => {
    const socket = createConnection(socketPath);
    socket.once('connect', () => done(socket));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      /^(?:ENOENT|ECONNREFUSED|ECONNRESET)$/.test(error.code ?? '') ? done(undefined) : refuse(error),
    );
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
      // A host removes the lock once it listens, perhaps between our looking for it and our claim.
      const justStarted = await connectToHost(paths.socket);
      if (justStarted !== undefined) {
        fs.rmSync(paths.lock, { force: true });
        return justStarted;
      }
      starting = startHost(paths, hostProgram);
    }
    await sleep(20);
  }
  throw new Error(`the model host did not answer within ${hostStartTimeoutMs / 1000} s: its log is ${paths.log}`);
}

/** The command line of a host that ends when idle. */
export function onDemandHost(env: NodeJS.ProcessEnv = process.env): string[] {
  const program = env['EMBEDHOUSE_HOST_PROGRAM'] ?? join(dirname(fileURLToPath(import.meta.url)), '../cli/main.js');
  return [process.execPath, program, 'host', 'run', '--on-demand'];
}

/** Creates the lock; one left by a starter that died is taken over after a while. */
function claimStart(lock: string): boolean {
  try {
    fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw error;
    }
    const claimed = fs.statSync(lock, { throwIfNoEntry: false });
    if (claimed !== undefined && Date.now() - claimed.mtimeMs > startAttemptMs) {
      fs.rmSync(lock, { force: true });
    }
    return false;
  }
}

function startHost(paths: RuntimePaths, hostProgram: readonly string[]): { failed?: string } {
  const state: { failed?: string } = {};
  const log = fs.openSync(paths.log, 'a', 0o600);
  const nothing = fs.openSync('/dev/null', 'r');
  const child = spawn(hostProgram[0] ?? process.execPath, hostProgram.slice(1), {
    cwd: '/',
    detached: true,
    // As we found it: also where it was given as a path relative to our folder, or by an option.
    env: { ...process.env, EMBEDHOUSE_RUNTIME: paths.folder },
    stdio: ['ignore', log, log, ...coverInherited(nothing)],
  });
  fs.closeSync(nothing);
  fs.closeSync(log);
  const fail = (reason: string): void => {
    state.failed ??= reason;
    fs.rmSync(paths.lock, { force: true });
  };
  child.once('error', (error) => fail(error.message));
  child.once('exit', (code, signal) => code !== 0 && fail(`it ended with ${signal ?? `exit code ${code}`}`));
  child.unref();
  return state;
}

/**
 * Covers what ClickHouse left open in its children (log files, sockets, pipes) with /dev/null: the host outlives
 * ClickHouse and must not hold any of it. Node marks most descriptors close-on-exec, but not those after a gap.
 */
function coverInherited(nothing: number): number[] {
  try {
    const inherited = fs.readdirSync('/proc/self/fd').map(Number).filter(isInheritable);
    return Array.from({ length: Math.max(2, ...inherited) - 2 }, () => nothing);
  } catch {
    return []; // No /proc: not Linux.
  }
}

function isInheritable(fd: number): boolean {
  try {
    const [, flags] = /^flags:\s*([0-7]+)/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1')) ?? [];
    return flags !== undefined && (Number.parseInt(flags, 8) & 0o2000000) === 0;
  } catch {
    return false; // Closed in the meantime: it was the one that read the folder.
  }
}

/** Takes the host's frames apart: answers a function for what arrives. Data are handed on as they come, never held. */
export function readFrames(on: {
  data: (bytes: Buffer) => void;
  answered: (inputBytes: number) => void;
  failure: (payload: string) => void;
}): (chunk: Buffer) => void {
  let pending: Buffer = Buffer.alloc(0);
  let dataLeft = 0;
  return (chunk) => {
    let rest = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      if (dataLeft > 0 && rest.length > 0) {
        const data = rest.subarray(0, dataLeft);
        on.data(data);
        dataLeft -= data.length;
        rest = rest.subarray(data.length);
      } else if (rest.length >= 5 && rest[0] === frameTypes.data) {
        dataLeft = rest.readUInt32LE(1);
        rest = rest.subarray(5);
      } else if (rest.length >= 5 && rest.length >= 5 + rest.readUInt32LE(1)) {
        const payload = rest.subarray(5, 5 + rest.readUInt32LE(1));
        if (rest[0] === frameTypes.failure) {
          on.failure(payload.toString());
        } else {
          on.answered(payload.readDoubleLE());
        }
        rest = rest.subarray(5 + payload.length);
      } else {
        break;
      }
    }
    pending = rest;
  };
}

/**
 * Copies until stdin ends and everything asked is answered: one connection at a time, made anew when the host has gone
 * while nothing was asked.
 */
async function copyThroughHost(hello: BridgeHello): Promise<void> {
  let connected: Socket | undefined;
  let [sentBytes, answeredBytes] = [0, 0];
  const connect = async (): Promise<Socket> => {
    const socket = await connectOrStartHost(runtimePaths(), onDemandHost());
    [sentBytes, answeredBytes] = [0, 0];
    socket.write(`${JSON.stringify(hello)}\n`);
    const receive = readFrames({
      data: (bytes) => process.stdout.write(bytes),
      answered: (inputBytes) => (answeredBytes = inputBytes),
      failure: (payload) => fail(payload.slice(payload.indexOf('\n') + 1)),
    });
    socket.on('data', (chunk) => {
      receive(chunk);
      if (process.stdout.writableNeedDrain && !socket.isPaused()) {
        socket.pause();
        process.stdout.once('drain', () => socket.resume());
      }
    });
    socket.on('error', () => {});
    socket.once('close', () => {
      connected = undefined;
      if (answeredBytes < sentBytes) {
        fail(
          `${hello.arguments[0]}: the model host stopped while it worked on this query: run it again; the host's log is ${runtimePaths().log}`,
        );
      }
    });
    return socket;
  };
  for await (const chunk of process.stdin) {
    const socket = (connected ??= await connect());
    sentBytes += chunk.length;
    if (!socket.write(chunk)) {
      // A host that goes now has not answered everything: closing ends the bridge.
      await new Promise<void>((done) => socket.once('drain', done));
    }
  }
  const last = connected;
  if (last !== undefined) {
    await new Promise<unknown>((done) => last.once('close', done).end());
  }
}

/** The line goes into the query's exception; the engine shows what stands behind the prefix. */
function fail(message: string): never {
  process.stderr.write(`embedhouse: ${message}\n`);
  process.exit(1);
}

async function main(env = process.env): Promise<void> {
  // Ctrl-C reaches the whole terminal's group; ClickHouse ends us by closing stdin.
  process.on('SIGINT', () => {});
  process.stdout.on('error', () => process.exit(1));
  const hello: BridgeHello = {
    protocol: protocolVersion,
    arguments: process.argv.slice(2),
    folder: process.cwd(),
    modelsPath: resolve(env['EMBEDHOUSE_MODELS'] ?? join(process.argv[1] ?? 'embed', '../../models')),
    ...(env['EMBEDHOUSE_MODEL'] && { model: env['EMBEDHOUSE_MODEL'] }),
    ...(env['EMBEDHOUSE_IMAGE_FOLDERS'] && { imageFolders: env['EMBEDHOUSE_IMAGE_FOLDERS'] }),
  };
  try {
    await copyThroughHost(hello);
  } catch (error) {
    const remedy = error instanceof Error && 'syscall' in error ? `: ${runtimeRemedy}` : '';
    fail(`${hello.arguments[0] ?? 'embed'}: ${error instanceof Error ? error.message : String(error)}${remedy}`);
  }
}

if (process.argv[1] !== undefined && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await main();
}
