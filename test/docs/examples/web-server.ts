import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Starts a server on a free port of this machine. */
export async function startServer(handle: Handler): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // That of a port, and not of a pipe.
  return { url: `http://127.0.0.1:${port}`, server };
}

/** Ends a server with its connections: processes of a pool keep them. */
export async function stopServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}

/** Requests wait until more of them are there than may come at once, or for so long: it then shows how many come. */
const gathered = 9;
const gatherMs = 400;

/** A web server with pages that misbehave. */
export class WebServer implements AsyncDisposable {
  readonly url: string;
  /** When each path was asked for, in milliseconds. */
  readonly requests = new Map<string, number[]>();
  mostAtOnce = 0;
  /** Resolves when the reader of `/endless` has gone. */
  readonly endlessLeft: Promise<void>;
  readonly #server: Server;
  #gathered: (() => void)[] = [];
  #atOnce = 0;
  #leaveEndless: () => void = () => {};

  private constructor(url: string, server: Server) {
    this.url = url;
    this.#server = server;
    this.endlessLeft = new Promise((resolve) => {
      this.#leaveEndless = resolve;
    });
  }

  static async start(): Promise<WebServer> {
    const { url, server } = await startServer((request, response) => web.#answer(request.url ?? '', response));
    const web = new WebServer(url, server);
    return web;
  }

  count(path: string): number {
    return this.requests.get(path)?.length ?? 0;
  }

  async #answer(path: string, response: ServerResponse): Promise<void> {
    const count = this.count(path) + 1;
    this.requests.set(path, [...(this.requests.get(path) ?? []), performance.now()]);
    this.#atOnce++;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#atOnce);
    response.on('close', () => this.#atOnce--);
    if (path === '/') return void response.end('<!doctype html><title>A page</title>');
    if (path === '/flaky') return void response.writeHead(count < 3 ? 503 : 200).end('at last');
    if (path === '/busy') return void response.writeHead(count < 2 ? 429 : 200, { 'retry-after': '1' }).end('served');
    if (path === '/moved') return void response.writeHead(302, { location: '/' }).end();
    if (path === '/empty') return void response.writeHead(204).end();
    if (path === '/stalled') return void response.write('the beginning');
    if (path === '/large') return void response.end('x'.repeat(1_000_001));
    if (path === '/largest') return void response.end('x'.repeat(1_000_000));
    if (path === '/endless') return this.#writeEndlessly(response);
    if (path.startsWith('/row/')) return this.#answerTogether(path, response);
    return void response.writeHead(404).end('there is no such page');
  }

  async #answerTogether(path: string, response: ServerResponse): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#gathered.push(resolve);
      setTimeout(resolve, gatherMs);
      if (this.#gathered.length < gathered) return;
      for (const go of this.#gathered) go();
      this.#gathered = [];
    });
    response.end(path);
  }

  #writeEndlessly(response: ServerResponse): void {
    const write = (): void => {
      while (response.write('x'.repeat(10_000))) continue;
    };
    response.on('drain', write);
    response.on('close', this.#leaveEndless);
    write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopServer(this.#server);
  }
}
