import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { gitSha1, sendFile, sendJson, sha256, type Fault } from './send-file.ts';

/** A repository on the hub; `files` may be changed while the hub runs. */
export interface HubRepository {
  /** As `owner/name`. */
  id: string;
  files: Map<string, Buffer>;
  /** Branches and tags, each with its commit. @default main */
  revisions?: Record<string, string>;
  licence?: string;
  /** Shown to holders of this token only. */
  privateTo?: string;
  /** Listed for everyone, and given to holders of this token. */
  gatedTo?: string;
}

export interface SeenRequest {
  server: 'hub' | 'cdn';
  url: string;
  /** The file that is asked for. */
  file?: string;
  range: string | undefined;
  ifRange: string | undefined;
  authorization: string | undefined;
}

export const validToken = 'token-that-the-hub-knows';
export const testCommit = '0123456789abcdef0123456789abcdef01234567';

/**
 * A hub on the loopback that speaks Hugging Face's interface: information and paginated listings, small files behind a
 * redirect on the hub itself, large ones behind a redirect to another port, as to a CDN.
 */
export class TestHub implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly repositories: HubRepository[] = [];
  /** Old names, each with the new one. */
  readonly renamed = new Map<string, string>();
  readonly faults: Fault[] = [];
  /** Where the next page of a listing is said to be, as mirrors do. @default the hub */
  pageOrigin: string | undefined;
  /** Added to what listings say, in front. */
  listedBesides: object[] = [];
  readonly #hub: Server = createServer((request, response) => this.#answerHub(request, response));
  readonly #cdn: Server = createServer((request, response) => this.#answerCdn(request, response));

  static async start(): Promise<TestHub> {
    const hub = new TestHub();
    for (const server of [hub.#hub, hub.#cdn]) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${portOf(this.#hub)}`;
  }

  /** The requests for the content of a file, of that server that gives it. */
  requestsFor(file: string): SeenRequest[] {
    const seen = this.requests.filter((request) => request.file === file && !request.url.includes('/resolve/'));
    return seen;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      if (server.listening) {
        server.close();
        await once(server, 'close');
      }
    }
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', this.url);
    const [, api, id = '', kind = '', revision = '', path = ''] =
      /^(?<api>\/api\/(?:models|resolve-cache\/models))?\/(?<id>[^/]+\/[^/]+)\/(?<kind>revision|tree|resolve|[0-9a-f]{40})(?:\/(?<revision>[^/]+))?(?:\/(?<path>.+))?$/.exec(
        url.pathname,
      ) ?? [];
    if (api?.includes('cache')) {
      // /api/resolve-cache/models/OWNER/NAME/COMMIT/PATH
      const file = decodeURIComponent(path === '' ? revision : `${revision}/${path}`);
      this.#see('hub', request, file);
      const content = this.repositories.find((each) => each.id === id)?.files.get(file);
      sendFile({ request, response, content: content ?? Buffer.alloc(0), fault: this.#takeFault(file), etag: gitSha1 });
      return;
    }
    const on = { revision: 'info', tree: 'tree' }[kind] ?? decodeURIComponent(path);
    this.#see('hub', request, kind === 'resolve' ? on : undefined);
    const refusal = this.#refusal(request, id, decodeURIComponent(revision), kind);
    const fault = kind === 'resolve' ? undefined : this.#takeFault(on);
    if (fault?.status !== undefined || fault?.breaks !== undefined) {
      sendFile({ request, response, content: Buffer.from('{"error":"no"}'), fault, etag: gitSha1 });
      return;
    }
    const renamed = this.renamed.get(id);
    if (renamed !== undefined) {
      response.writeHead(307, { Location: `${url.pathname.replace(id, renamed)}${url.search}` }).end();
    } else if (refusal !== undefined) {
      const [status, code, message] = refusal;
      response.writeHead(status, {
        'X-Error-Code': code,
        'X-Error-Message': message,
        'Content-Type': 'application/json',
      });
      response.end(JSON.stringify({ error: message }));
    } else {
      this.#give({ response, url, kind, on, revision: decodeURIComponent(revision), repository: this.#find(id) });
    }
  }

  #give({ response, url, kind, on, revision, repository }: Given): void {
    const { id, files, licence, gatedTo } = repository;
    const sha = revisionsOf(repository)[revision] ?? revision;
    if (kind === 'revision') {
      const card =
        licence === undefined ? {} : { cardData: { license: licence }, tags: ['onnx', `license:${licence}`] };
      sendJson(response, {
        _id: '62',
        id,
        sha,
        private: false,
        gated: gatedTo === undefined ? false : 'auto',
        ...card,
      });
    } else if (kind === 'tree') {
      const entries = [
        ...this.listedBesides,
        { type: 'directory', oid: gitSha1(Buffer.from('onnx')), size: 0, path: 'onnx' },
      ];
      entries.push(...[...files].map(([path, content]) => listEntry(path, content)));
      const from = Number(url.searchParams.get('cursor') ?? 0);
      const next = `${this.pageOrigin ?? this.url}${url.pathname}?recursive=true&cursor=${from + 4}`;
      sendJson(
        response,
        entries.slice(from, from + 4),
        from + 4 < entries.length ? { Link: `<${next}>; rel="next"` } : {},
      );
    } else if (isLarge(on)) {
      const content = files.get(on) ?? Buffer.alloc(0);
      response.writeHead(302, {
        Location: `http://127.0.0.1:${portOf(this.#cdn)}/${id}/${encodeURIComponent(on)}?signature=x`,
        'X-Repo-Commit': sha,
        'X-Linked-Size': content.length,
        'X-Linked-ETag': `"${sha256(content)}"`,
        ETag: `"${gitSha1(content)}"`,
      });
      response.end('Found. Redirecting');
    } else {
      const path = on.split('/').map(encodeURIComponent).join('/');
      response.writeHead(307, { Location: `/api/resolve-cache/models/${id}/${sha}/${path}`, 'X-Repo-Commit': sha });
      response.end('Temporary Redirect');
    }
  }

  #answerCdn(request: IncomingMessage, response: ServerResponse): void {
    const [, owner, name, file = ''] = new URL(request.url ?? '', this.url).pathname.split('/').map(decodeURIComponent);
    this.#see('cdn', request, file);
    const content = this.#find(`${owner}/${name}`).files.get(file) ?? Buffer.alloc(0);
    sendFile({ request, response, content, fault: this.#takeFault(file), etag: sha256 });
  }

  /** As the hub does: 401 for what it does not show to those without a token, 404 to others. */
  #refusal(request: IncomingMessage, id: string, revision: string, kind: string): [number, string, string] | undefined {
    const token = request.headers.authorization?.replace('Bearer ', '');
    if (token !== undefined && token !== validToken) {
      return [401, '', 'Invalid credentials in Authorization header'];
    }
    const repository = this.repositories.find((each) => each.id === id);
    if (repository === undefined || (repository.privateTo ?? token) !== token) {
      return [token === undefined ? 401 : 404, 'RepoNotFound', 'Repository not found'];
    }
    const revisions = revisionsOf(repository);
    if (revisions[revision] === undefined && !Object.values(revisions).includes(revision)) {
      return [404, 'RevisionNotFound', `Invalid rev id: ${revision}`];
    }
    return kind === 'resolve' && (repository.gatedTo ?? token) !== token
      ? [token === undefined ? 401 : 403, 'GatedRepo', `Access to model ${id} is restricted`]
      : undefined;
  }

  #see(server: 'hub' | 'cdn', { url = '', headers }: IncomingMessage, file?: string): void {
    const { range, 'if-range': ifRange, authorization } = headers;
    this.requests.push({
      server,
      url,
      range,
      // Node joins what comes several times, of this header, which has one value in any case.
      ifRange: ifRange?.toString(),
      authorization,
      ...(file !== undefined && { file }),
    });
  }

  #takeFault(on: string): Fault | undefined {
    const index = this.faults.findIndex((fault) => fault.on === on);
    const fault = this.faults[index];
    if (fault !== undefined) {
      fault.times = (fault.times ?? 1) - 1;
      if (fault.times <= 0) {
        this.faults.splice(index, 1);
      }
    }
    return fault;
  }

  #find(id: string): HubRepository {
    const found = this.repositories.find((each) => each.id === id);
    if (found === undefined) {
      throw new Error(`no repository ${id}`);
    }
    return found;
  }
}

/** Reads a folder as the files of a repository. */
export async function readRepositoryFiles(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const path of (await readdir(folder, { recursive: true })).toSorted()) {
    if ((await stat(join(folder, path))).isFile()) {
      files.set(path, await readFile(join(folder, path)));
    }
  }
  return files;
}

interface Given {
  response: ServerResponse;
  url: URL;
  kind: string;
  on: string;
  revision: string;
  repository: HubRepository;
}

function listEntry(path: string, content: Buffer): object {
  const entry = { type: 'file', oid: gitSha1(content), size: content.length, path };
  return isLarge(path)
    ? {
        ...entry,
        oid: gitSha1(Buffer.from('pointer')),
        lfs: { oid: sha256(content), size: content.length, pointerSize: 134 },
      }
    : entry;
}

/** What repositories' .gitattributes give to LFS. */
function isLarge(path: string): boolean {
  return /\.(?:onnx|onnx_data(?:_\d+)?|data)$/.test(path);
}

function revisionsOf({ revisions }: HubRepository): Record<string, string> {
  return revisions ?? { main: testCommit };
}

function portOf(server: Server): number {
  // A listening server on TCP has one.
  return (server.address() as AddressInfo).port;
}
