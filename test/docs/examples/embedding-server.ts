import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';

import { z } from 'zod';

import { startServer, stopServer } from './web-server.ts';

/** What OpenAI's API reference says of a request: https://platform.openai.com/docs/api-reference/embeddings/create */
const requestShape = z.strictObject({
  model: z.string(),
  input: z.array(z.string().min(1)).min(1).max(2048),
  encoding_format: z.literal('float'),
});

const dimensions = 1536;

/**
 * A service with OpenAI's interface. A text's vector begins with its length in characters and the code of the first of
 * them. A text `fail:STATUS` makes it answer so.
 */
export class EmbeddingServer implements AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly requests: z.infer<typeof requestShape>[] = [];
  /** How many requests are still refused with 429. */
  refusals = 0;
  readonly #server: Server;

  private constructor(url: string, server: Server, key: string) {
    this.url = `${url}/v1`;
    this.key = key;
    this.#server = server;
  }

  static async start(key: string): Promise<EmbeddingServer> {
    const { url, server } = await startServer((request, response) => service.#answer(request, response));
    const service = new EmbeddingServer(url, server, key);
    return service;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = requestShape.safeParse(await json(request));
    const answer = (status: number, content: unknown, headers = {}): void => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(content));
    };
    const refuse = (status: number, message: string, headers = {}): void =>
      answer(status, { error: { message, type: 'invalid_request_error', param: null, code: null } }, headers);
    const given = request.headers.authorization?.replace('Bearer ', '');
    if (request.url !== '/v1/embeddings' || request.method !== 'POST') return refuse(404, 'there is no such path');
    if (given !== this.key) return refuse(401, `Incorrect API key provided: ${given}. Find yours in your account.`);
    if (!body.success) return refuse(400, body.error.message);
    this.requests.push(body.data);
    if (this.refusals > 0) {
      this.refusals--;
      return refuse(429, 'Rate limit reached', { 'retry-after': '0' });
    }
    const { model, input } = body.data;
    if (input.includes('fail:400')) return refuse(400, "This model's maximum context length is 8192 tokens");
    if (input.includes('fail:html')) return void response.writeHead(404).end('<html>no such page</html>');
    const data = input.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: [text.length, text.charCodeAt(0), ...Array.from({ length: dimensions - 2 }, () => 0)],
    }));
    if (input.includes('fail:short')) data.pop();
    return answer(200, {
      object: 'list',
      model,
      data: data.toReversed(),
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await stopServer(this.#server);
  }
}
