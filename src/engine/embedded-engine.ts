import { randomUUID } from 'node:crypto';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { drainPending } from 'chdb';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { BaseEngine, type Signalled } from './base-engine.ts';
import { writeConfigFile } from './config-file.ts';
import { makeDataFolder, makeTemporaryFolder, refuseFolderInUse, type TemporaryFolder } from './data-folder.ts';
import type { Engine, InsertOptions, QueryOptions } from './engine.ts';
import { Gate } from './gate.ts';
import { insertData } from './insert-data.ts';
import { OwnSession } from './own-session.ts';
import { isFunctionFailure, queryErrorFrom } from './query-error.ts';
import { ScriptProcesses } from './script-processes.ts';
import { SessionThread } from './session-thread.ts';
import { setParameters, setTag } from './set-statement.ts';
import { StagedFunctions } from './staged-functions.ts';
import { StatementWatch } from './statement-watch.ts';
import { throwIfCancelled } from './throw-if-cancelled.ts';
import { UserSession } from './user-session.ts';

export interface EmbeddedEngineOptions {
  /** ClickHouse's data folder, made when missing; `:memory:` is a temporary one, removed at the end. */
  dataPath: string;
  /** The folder of the function files, XML or YAML; it may be missing. */
  functionsPath: string;
  /** The folder of the scripts that the functions name. */
  userScriptsPath: string;
  /**
   * Threads that build vector indexes; 0 for one a core, where ClickHouse would take 16 on any machine.
   * @default 0
   */
  indexThreads?: number;
  /** Called before each statement of the engine's session. */
  beforeStatement?: () => Promise<void>;
}

/**
 * How many calls of `rows` run at a time. Each holds one thread of libuv's pool (4 unless `UV_THREADPOOL_SIZE` was set
 * before Node started), and so do `stream` and the statement that cancels: two are left for them.
 */
const concurrentRows = 2;

/** How long closing waits for scripts that do not end with their input. */
const scriptEndMs = 1500;

/** How long what is left behind has between SIGTERM and SIGKILL. */
const leftoverEndMs = 300;

/** The data folder of the engine that this process has open: chdb binds one at a time. */
let openDataPath: string | undefined;

/**
 * Opens ClickHouse inside this process. Functions' scripts inherit `process.env` as it is when they start.
 *
 * @throws EmbedhouseError `DATA_FOLDER_IN_USE`, `ENGINE_UNAVAILABLE`, `FILE_UNUSABLE`
 */
export async function openEmbeddedEngine(options: EmbeddedEngineOptions): Promise<Engine> {
  if (openDataPath !== undefined) {
    const message = `this process already has an engine open on ${openDataPath}; close it before opening ${options.dataPath}`;
    throw new EmbedhouseError('ENGINE_UNAVAILABLE', message);
  }
  openDataPath = options.dataPath;
  const userScriptsPath = resolve(options.userScriptsPath);
  const scripts = new ScriptProcesses(userScriptsPath);
  try {
    const folder = await makeTemporaryFolder();
    try {
      const dataPath = options.dataPath === ':memory:' ? join(folder.path, 'data') : resolve(options.dataPath);
      await makeDataFolder(dataPath);
      await refuseFolderInUse(dataPath);
      const functions = new StagedFunctions(resolve(options.functionsPath), folder.path);
      await functions.stage();
      const configPath = await writeConfigFile({
        folder: folder.path,
        functionFiles: functions.patterns,
        userScriptsPath,
        indexThreads: options.indexThreads ?? 0,
      });
      const { beforeStatement } = options;
      const parts = await openParts({ dataPath, configPath, scripts, folder, functions });
      return new EmbeddedEngine({ ...parts, ...(beforeStatement && { beforeStatement }) });
    } catch (error) {
      await folder.remove();
      throw error;
    }
  } catch (error) {
    scripts.forget();
    openDataPath = undefined;
    throw error;
  }
}

interface EngineParts {
  dataPath: string;
  connectionArgs: string[];
  scripts: ScriptProcesses;
  folder: TemporaryFolder;
  functions: StagedFunctions;
  thread: SessionThread;
  control: OwnSession;
  version: string;
  beforeStatement?: () => Promise<void>;
}

async function openParts(options: {
  dataPath: string;
  configPath: string;
  scripts: ScriptProcesses;
  folder: TemporaryFolder;
  functions: StagedFunctions;
}): Promise<EngineParts> {
  const { dataPath, scripts, folder, functions } = options;
  const connectionArgs = [`--config-file=${options.configPath}`];
  const thread = new SessionThread({ dataPath, connectionArgs });
  let control: OwnSession | undefined;
  try {
    control = new OwnSession(dataPath, connectionArgs);
    const opened = await thread.ask({ type: 'open' });
    if (opened.type === 'failed') throw new Error(opened.message);
    const [row] = await control.rows<{ version: string }>('SELECT version() AS version');
    return { dataPath, connectionArgs, scripts, folder, functions, thread, control, version: row?.version ?? '' };
  } catch (cause) {
    await control?.close();
    await thread.exit();
    await refuseFolderInUse(dataPath);
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `ClickHouse could not open the data folder ${dataPath} (${reason}); check that it is a writable folder that no other process uses, or name another with --data`;
    throw new EmbedhouseError('ENGINE_UNAVAILABLE', message, { cause });
  }
}

class EmbeddedEngine extends BaseEngine {
  readonly #parts: EngineParts;
  readonly #gate = new Gate(concurrentRows);

  constructor(parts: EngineParts) {
    super(parts.version, new UserSession(parts));
    this.#parts = parts;
  }

  async insert(into: string, options: InsertOptions): Promise<void> {
    const { signal } = options;
    const run = async (sql: string): Promise<void> => this.run(sql, { signal });
    return insertData({ ...options, into, folder: this.#parts.folder.path, run });
  }

  override async reloadFunctions(): Promise<void> {
    const { functions, scripts } = this.#parts;
    await functions.stage();
    const reloaded = new AbortController();
    const reloading = super.reloadFunctions().finally(() => reloaded.abort());
    // ClickHouse waits up to ten seconds for the scripts of each old pool to end with their input.
    await Promise.all([reloading, endScripts(async (signal) => scripts.stopAbandoned(signal), reloaded.signal)]);
  }

  protected async read<Row>(sql: string, options: Pick<QueryOptions, 'params'> & Signalled): Promise<Row[]> {
    return this.#gate.pass(async () => this.#read<Row>(sql, options));
  }

  async #read<Row>(sql: string, { params = {}, signal }: Pick<QueryOptions, 'params'> & Signalled): Promise<Row[]> {
    throwIfCancelled(signal);
    const parameters = setParameters(params);
    const session = new OwnSession(this.#parts.dataPath, this.#parts.connectionArgs);
    const tag = randomUUID();
    const watch = new StatementWatch({ ...this.#parts, tag, signal });
    try {
      await session.execute(setTag(tag));
      if (parameters !== undefined) await session.execute(parameters);
      return await session.rows<Row>(sql);
    } catch (error) {
      throwIfCancelled(signal);
      const failure = queryErrorFrom(error instanceof Error ? error.message : String(error));
      if (isFunctionFailure(failure)) void this.#parts.scripts.endAbandoned();
      throw failure;
    } finally {
      await watch.stop();
      await session.close();
    }
  }

  protected async end(): Promise<void> {
    const { control, thread, folder, scripts } = this.#parts;
    // Closing a session in which something runs would take the process down: then only its own end is left.
    if (thread.isBusy || this.isReading) return;
    await control.close();
    await drainPending();
    // ClickHouse shuts down with its last session, in the thread, and waits up to ten seconds for the scripts of each
    // pool to end with their input. Those that take longer than they should are ended.
    const ended = new AbortController();
    const closed = thread.ask({ type: 'close' }).finally(() => ended.abort());
    await Promise.all([closed, endScripts(async (signal) => scripts.stop(signal), ended.signal)]);
    await thread.exit();
    // Those that ClickHouse had given up before, and what scripts have left behind.
    if ((await scripts.stop('SIGTERM')) > 0) {
      await sleep(leftoverEndMs);
      await scripts.stop('SIGKILL');
    }
    scripts.forget();
    await folder.remove();
    openDataPath = undefined;
  }
}

/** Ends scripts that stay for longer than they should, until ClickHouse waits for none. */
async function endScripts(
  stop: (signal: 'SIGTERM' | 'SIGKILL') => Promise<unknown>,
  ended: AbortSignal,
): Promise<void> {
  for (let signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'; ; signal = 'SIGKILL') {
    await sleep(scriptEndMs, undefined, { signal: ended }).catch(() => {});
    if (ended.aborted) return;
    await stop(signal);
  }
}
