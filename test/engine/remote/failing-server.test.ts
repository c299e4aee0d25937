import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openRemoteEngine } from '../../../src/engine/remote/remote-engine.ts';
import { read } from '../open-test-engine.ts';
import { startTestServer, type TestServer } from './start-test-server.ts';

const password = 'its-password';
let server: TestServer;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-'));
  server = await startTestServer({ user: 'someone', password });
});

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

const withUser = (user: string, url = server.url): string => url.replace('//', `//${user}@`);

/** What opening fails with; its message and those of its causes never hold a password. */
async function failureAt(url: string, given?: string): Promise<Error> {
  const failure: unknown = await openRemoteEngine({ url, ...(given !== undefined && { password: given }) }).then(
    () => 'no failure',
    (error: unknown) => error,
  );
  if (!(failure instanceof Error)) throw new TypeError(String(failure));
  expect(failure.message).not.toMatch(/password-|\n/);
  return failure;
}

/** Opens a server of one's own on the loopback, and closes it behind `use`. */
async function withPort<T>(listening: Server, use: (host: string) => Promise<T>): Promise<T> {
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  try {
    // A listening server has an address with a port.
    return await use(`127.0.0.1:${(listening.address() as AddressInfo).port}`);
  } finally {
    listening.close();
  }
}

const answering = (listener: RequestListener): Server => createServer(listener);

test('lets in who has the password, in the address or beside it', async () => {
  for (const options of [
    { url: withUser(`someone:${password}`) },
    { url: withUser('someone'), password },
    { url: withUser(`someone:${password}`), password: 'password-of-another' },
  ]) {
    await using engine = await openRemoteEngine(options);
    expect(await read(engine, 'SELECT 1')).toBe('1\n');
  }
});

test.each([
  ['a wrong password', 'someone:password-that-is-wrong', undefined],
  ['a wrong password beside the address', 'someone', 'password-that-is-wrong'],
  ['no password', 'someone', undefined],
  ['an unknown user', 'nobody:password-that-is-wrong', undefined],
])('says that the server lets nobody in with %s', async (_, user, given) => {
  expect(await failureAt(withUser(user), given)).toMatchObject({
    code: 'SERVER_REFUSED',
    message: expect.stringContaining(`at ${server.url} does not let user '${user.split(':')[0]}' in`),
  });
});

test('says what is wrong with a server that cannot be reached', async () => {
  const closed = await withPort(createTcpServer(), async (host) => host);
  expect(await failureAt(`http://me:password-1@${closed}`)).toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining(`http://${closed} cannot be reached (nothing listens there)`),
  });
  expect(await failureAt('http://me:password-1@nowhere.invalid:8123')).toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('http://nowhere.invalid:8123 cannot be reached (its name is not known)'),
  });
});

test('gives up on a server that takes the connection and says nothing', async () => {
  const silent = createTcpServer();
  await withPort(silent, async (host) => {
    expect(await failureAt(`http://me:password-1@${host}`)).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringContaining('no answer came in time'),
    });
  });
});

test.each<[string, RequestListener, string]>([
  [
    'a page',
    (_, response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html>\n<h1>Welcome</h1>'),
    'it says: Welcome',
  ],
  ['a page that is not there', (_, response) => response.writeHead(404).end('Not\nhere'), 'it says HTTP 404: Not here'],
  ['nothing', (_, response) => response.end(), 'it says: an empty answer'],
  [
    // Recorded: the answer of the port for clickhouse-client.
    'the port of the native protocol',
    (_, response) =>
      response.writeHead(400).end('Port 9000 is for clickhouse-client program\r\nYou must use port 8123 for HTTP.\r\n'),
    'You must use port 8123 for HTTP.',
  ],
])('says that it is no ClickHouse: %s', async (_, listener, message) => {
  await withPort(answering(listener), async (host) => {
    expect(await failureAt(`http://me:password-1@${host}`)).toMatchObject({
      code: 'SERVER_UNSUITABLE',
      message: expect.stringContaining(message),
    });
  });
});

test('says that it is no HTTP', async () => {
  const mail = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.end('220 mail.example.com ESMTP\r\n');
  });
  await withPort(mail, async (host) => {
    expect(await failureAt(`http://${host}`)).toMatchObject({ code: 'SERVER_UNSUITABLE' });
  });
});

test('refuses a ClickHouse that is too old', async () => {
  const old: RequestListener = (_, response) =>
    response.end('{"version":"24.3.18.7","names":["output_format_json_quote_64bit_integers"],"values":["1"]}\n');
  await withPort(answering(old), async (host) => {
    expect(await failureAt(`http://${host}`)).toMatchObject({
      code: 'SERVER_UNSUITABLE',
      message: `the server at http://${host} is ClickHouse 24.3.18.7: expected 24.8 or newer; use another server`,
    });
  });
});

test('names the database that is not there', async () => {
  expect(await failureAt(`${withUser(`someone:${password}`)}/not_there`)).toMatchObject({
    code: 'QUERY_FAILED',
    clickhouseCode: 81,
    message: expect.stringContaining('not_there'),
  });
});

test('trusts the certificate of a known authority only, and says what to do', async () => {
  const tls = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') };
  const subject = ['-subj', '/CN=test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', tls.key, '-out', tls.cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...subject, ...files], {
    stdio: 'ignore',
  });
  const secure = await startTestServer({ tls });
  try {
    expect(await failureAt(secure.url)).toMatchObject({
      code: 'SERVER_UNREACHABLE',
      message: expect.stringMatching(/^the certificate of https:\S+ is not trusted \(.*NODE_EXTRA_CA_CERTS$/),
    });
    expect(await failureAt(secure.url.replace('https', 'http'))).toMatchObject({ code: 'SERVER_UNREACHABLE' });
  } finally {
    await secure.stop();
  }
  expect(await failureAt(server.url.replace('http', 'https'))).toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('write http://'),
  });
});

test('a server that dies in the middle is an error, and closing works all the same', async () => {
  // It has no time to remove its folder.
  const dying = await startTestServer({ env: { TMPDIR: folder } });
  const engine = await openRemoteEngine({ url: dying.url });
  const chunks = engine.stream('SELECT number FROM numbers(100000000000)');
  await chunks.next();
  process.kill(dying.pid, 'SIGKILL');
  const rest = (async () => {
    for await (const _ of chunks);
  })();
  await expect(rest).rejects.toMatchObject({
    code: 'SERVER_UNREACHABLE',
    message: expect.stringContaining('broke off before the answer was whole'),
  });
  await expect(engine.run('SELECT 1')).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  await engine.close();
  await dying.stop();
});
