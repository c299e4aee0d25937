import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What the hub does wrong, so many times, with requests for one thing. */
export interface Fault {
  /** `info`, `tree` or the path of a file. */
  on: string;
  /** @default 1 */
  times?: number;
  /** Answers with this status instead. */
  status?: number;
  headers?: Record<string, string>;
  /** Sends so many bytes of the body and then… */
  afterBytes?: number;
  /** …cuts the connection, or says nothing more until it is closed. */
  breaks?: 'drop' | 'stall';
  /** Changes the byte at this place of the file. */
  corruptAt?: number;
  /** Sends the whole file, whatever range is asked for. */
  ignoresRanges?: true;
  /** Sends another content, with another ETag. */
  content?: Buffer;
  /** Sends ETags that do not promise equal bytes. */
  weakEtag?: true;
}

export interface Sending {
  request: IncomingMessage;
  response: ServerResponse;
  content: Buffer;
  fault: Fault | undefined;
  etag: (content: Buffer) => string;
}

export function sendFile({ request, response, content, fault, etag }: Sending): void {
  const whole = Buffer.from(fault?.content ?? content);
  const tag = `${fault?.weakEtag ? 'W/' : ''}"${etag(whole)}"`;
  if (fault?.corruptAt !== undefined) {
    whole[fault.corruptAt] = (whole[fault.corruptAt] ?? 0) ^ 1;
  }
  const { range, 'if-range': ifRange } = request.headers;
  const start = Number(/^bytes=(?<start>\d+)-$/.exec(range ?? '')?.groups?.['start']);
  const isPart = range !== undefined && (ifRange === undefined || ifRange === tag) && !fault?.ignoresRanges;
  const body = isPart ? whole.subarray(start) : whole;
  response.writeHead(fault?.status ?? (isPart ? 206 : 200), {
    'Content-Length': body.length,
    ETag: tag,
    ...(!fault?.ignoresRanges && { 'Accept-Ranges': 'bytes' }),
    ...(isPart && { 'Content-Range': `bytes ${start}-${whole.length - 1}/${whole.length}` }),
    ...fault?.headers,
  });
  if (fault?.breaks === undefined) {
    response.end(body);
  } else {
    response.write(body.subarray(0, fault.afterBytes), () => {
      if (fault.breaks === 'drop') {
        request.socket.destroy();
      }
    });
  }
}

export function sendJson(response: ServerResponse, value: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

/** As `git hash-object` names a content. */
export function gitSha1(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}
