import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, beforeAll, expect, test } from 'vitest';

import type { HostStatus } from '../../src/host/host-status.ts';
import { makeSandbox, tinyModel, type Sandbox } from './sandbox.ts';

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await makeSandbox(tinyModel);
});

afterAll(async () => {
  await sandbox.remove();
});

/** `salt` makes texts that no earlier query asked for. */
const embedMany = (rows: number, salt: string): string =>
  `SELECT count() FROM (SELECT encode_text('${salt}' || toString(number)) AS v FROM numbers(${rows})) WHERE length(v) = 16`;

test('embeds 70 000 distinct rows, in bounded memory', async () => {
  expect(await sandbox.query(embedMany(70_000, ''))).toBe('70000\n');
  const status = await sandbox.hostStatus();
  expect(status.rows).toEqual({ text: 70_000, image: 0, zeroed: 0 });
  expect(status.residentBytes).toBeLessThan(600_000_000);
  for (const { residentBytes } of status.encoders) {
    expect(residentBytes).toBeLessThan(600_000_000);
  }
});

test('four queries at once share one host, whose encoders load the model once each', async () => {
  await sandbox.run(['host', 'stop']);
  const run = async (): Promise<string> => sandbox.query(embedMany(100, 'at once '));
  expect(await Promise.all([run(), run(), run(), run()])).toEqual(['100\n', '100\n', '100\n', '100\n']);
  const { pid, encoders, rows } = await sandbox.hostStatus();
  expect(rows.text).toBe(400);
  for (const { models } of encoders) {
    const towers = models.map(({ model, tower, dtype, threads }) => `${model} ${tower} ${dtype} ${threads}`);
    expect(towers).toEqual([...new Set(towers)]);
  }
  const hosts = (await sandbox.processes()).filter((command) => command.includes(' host run '));
  expect(hosts.map((command) => Number.parseInt(command, 10))).toEqual([pid]);
});

test.each([
  [
    'host',
    ({ pid }: HostStatus) => pid,
    /^embedhouse: encode_text: the model host stopped while it worked on this query: [^\n]*host\.log\n$/,
  ],
  [
    'encoder process',
    ({ encoders }: HostStatus) => encoders[0]?.pid,
    /^embedhouse: encode_text: [^\n]*encoder[^\n]*\n$/,
  ],
])('a %s that is killed fails the running query with the reason, and the next one works', async (name, pidOf, line) => {
  const salt = `killed ${name} `;
  const before = await sandbox.query(embedMany(1, salt)).then(async () => sandbox.hostStatus());
  const running = sandbox.run(['query', embedMany(1_000_000, salt)]);
  while ((await sandbox.hostStatus()).rows.text < before.rows.text + 1000) await sleep(50);
  process.kill(Number(pidOf(before)), 'SIGKILL');
  const { exitCode, stdout, stderr } = await running;
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toMatch(line);
  expect(await sandbox.query(embedMany(5000, salt))).toBe('5000\n');
});

test('a process killed while nothing runs is not noticed by the next query', async () => {
  const { pid, encoders } = await sandbox.hostStatus();
  process.kill(Number(encoders[0]?.pid), 'SIGKILL');
  expect(await sandbox.query(embedMany(10, 'after the encoder '))).toBe('10\n');
  process.kill(pid, 'SIGKILL');
  expect(await sandbox.query(embedMany(10, 'after the host '))).toBe('10\n');
});
