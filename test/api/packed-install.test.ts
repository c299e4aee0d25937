import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { fixturesPath, TestRuntime } from '../host/hosted-function.ts';
import { greatestDifference } from '../models/fixtures.ts';
import { readRecordedModel } from '../models/recorded-models.ts';
import { Consumer } from './consumer.ts';

let runtime: TestRuntime;
let consumer: Consumer;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  runtime = new TestRuntime();
  const path = join(runtime.folder, 'project');
  mkdirSync(path);
  consumer = new Consumer(path);
  await consumer.installPacked();
  env = {
    PATH: process.env['PATH'],
    HOME: join(runtime.folder, 'home'),
    EMBEDHOUSE_RUNTIME: runtime.env['EMBEDHOUSE_RUNTIME'],
    EMBEDHOUSE_GRAPHS: runtime.env['EMBEDHOUSE_GRAPHS'],
  };
});

afterAll(async () => {
  // The host's processes, which the runtime waits for.
  await runtime?.status().catch(() => {});
  await runtime?.[Symbol.asyncDispose]();
});

test('an installed package embeds, with its own host and the models of a folder', async () => {
  writeFileSync(
    join(consumer.path, 'embed.mjs'),
    `import { openHost, EmbedhouseError } from 'embedhouse';

const host = await openHost({ modelsPath: ${JSON.stringify(fixturesPath)}, model: 'tiny-bert-mean' });
const { vectors, shape } = await host.encodeText(JSON.parse(process.env.TEXTS));
const error = await host.encodeText([''], { model: 'none' }).catch((error) => error);
await host.close();
const failed = { isOurs: error instanceof EmbedhouseError, code: error.code };
console.log(JSON.stringify({ vectors: [...vectors], shape, failed }));
`,
  );
  const { texts } = readRecordedModel('tiny-bert-mean');
  const given = JSON.stringify(texts.map(({ text }) => text));
  const answer: { vectors: number[]; shape: number[]; failed: object } = JSON.parse(
    await consumer.run('embed.mjs', { ...env, TEXTS: given }),
  );
  const expected = texts.flatMap(({ vector }) => vector);
  expect(greatestDifference(answer.vectors, expected)).toBeLessThan(1e-4);
  expect(answer.shape).toEqual([texts.length, expected.length / texts.length]);
  expect(answer.failed).toEqual({ isOurs: true, code: 'MODEL_NOT_INSTALLED' });
});

test('the model that comes with the package is there without any option but its name', async () => {
  writeFileSync(
    join(consumer.path, 'bundled.mjs'),
    `import { openHost } from 'embedhouse';

const host = await openHost({ model: 'emoji-clip' });
console.log((await host.encodeText(['a dog', 'a cat'])).shape[0], (await host.describeModel()).model);
`,
  );
  // Neither close nor anything else is needed for the process to end.
  expect(await consumer.run('bundled.mjs', env)).toBe('2 emoji-clip');
});

test('the types are found and say what the functions take and give', async () => {
  const source = `import { openHost, EmbedhouseError } from 'embedhouse';
import type { Embeddings, EncodeTextOptions, ErrorCode, HostStatus, ModelHost } from 'embedhouse';

await using host: ModelHost = await openHost({ model: 'm', dtype: 'int8-row', normalize: true });
const options: EncodeTextOptions = { prompt: 'query', onError: 'zero', signal: AbortSignal.timeout(1_000) };
const { vectors, shape }: Embeddings = await host.encodeText(['a dog'] as const, options);
const sum: number = vectors.reduce((total, value) => total + value, 0) + shape[0] * shape[1];
const images: Embeddings = await host.encodeImage(['a.jpg', new Uint8Array(1), Buffer.alloc(1)]);
const status: HostStatus | undefined = await host.status();
const { id, dimensions } = await host.describeModel({ dtype: 'fp32' });
const codeOf = (error: unknown): ErrorCode | undefined => (error instanceof EmbedhouseError ? error.code : undefined);
export { sum, images, status, id, dimensions, codeOf };

// @ts-expect-error there is no such dtype
await host.encodeText(['a dog'], { dtype: 'fp23' });
// @ts-expect-error a text is no list of texts
await host.encodeText('a dog');
// @ts-expect-error images have no prompt
await host.encodeImage(['a.jpg'], { prompt: 'query' });
// @ts-expect-error there is no such option
await openHost({ normalise: true });
`;
  expect(await consumer.compile({ 'uses-types.ts': source })).toBe('');
});
