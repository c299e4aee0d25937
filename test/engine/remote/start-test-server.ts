import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { execa } from 'execa';

const program = fileURLToPath(new URL('../../fixtures/clickhouse-server/main.mjs', import.meta.url));

export interface TestServerOptions {
  /** @default default */
  user?: string;
  /** @default '' */
  password?: string;
  /** Servers before 25.11 send none, and end a result that fails as if it were whole. @default true */
  hasExceptionTag?: boolean;
  /** Functions for the server's SQL; without them it has none. */
  functionsPath?: string;
  userScriptsPath?: string;
  /** Seconds. @default 3600 */
  maxSessionTimeout?: number;
  /** Seconds. @default 60 */
  defaultSessionTimeout?: number;
  /** Files of a key and its certificate; then it speaks https. */
  tls?: { key: string; cert: string };
  env?: Record<string, string>;
}

export interface TestServer {
  /** Without user and password. */
  url: string;
  pid: number;
  /** Ends the process and removes its data. */
  stop: () => Promise<void>;
}

/**
 * Starts a process that speaks ClickHouse's HTTP interface in front of an embedded engine with a temporary data folder.
 * It ends with this process at the latest.
 */
export async function startTestServer({ env, ...options }: TestServerOptions = {}): Promise<TestServer> {
  const running = execa(process.execPath, [program, JSON.stringify(options)], {
    stdin: 'pipe',
    stderr: 'inherit',
    reject: false,
    // Each statement that runs holds a thread.
    env: { UV_THREADPOOL_SIZE: '16', ...env },
  });
  const printed: unknown[] = await Promise.race([
    once(running.stdout, 'data'),
    running.then(({ shortMessage }) => [shortMessage]),
  ]);
  const port = String(printed[0]);
  if (!/^\d+\s*$/.test(port)) throw new Error(`the test server did not start: ${port}`);
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port.trim()}`,
    pid: running.pid ?? 0,
    stop: async () => {
      running.stdin.end();
      await running;
    },
  };
}
