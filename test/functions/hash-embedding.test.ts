import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Session } from 'chdb';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { checkFunctions } from '../../src/functions/check-functions.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const hasPython = await execa('python3', ['--version']).then(
  () => true,
  () => false,
);

test.runIf(hasPython)('the check passes the example', async () => {
  const { definitions, problems } = await check(process.env['PATH'] ?? '');
  expect(definitions.map(({ name }) => name)).toContain('hash_embedding');
  expect(problems.filter(({ functionName }) => functionName === 'hash_embedding')).toEqual([]);
});

test('the check says so where Python is missing', async () => {
  const { problems } = await check('/nowhere');
  const messages = problems
    .filter(({ functionName }) => functionName === 'hash_embedding')
    .map(({ message }) => message);
  expect(messages).toEqual(["the interpreter 'python3' of script 'hash_embedding.py' is in no folder of PATH"]);
});

// The example is a Python script: without python3 there is nothing to run.
describe.skipIf(!hasPython)('hash_embedding in SQL', () => {
  let home: string;
  let session: Session;

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'embedhouse-example-'));
    const config = join(home, 'config.xml');
    await writeFile(
      config,
      `<clickhouse>
        <user_scripts_path>${root}/user_scripts/</user_scripts_path>
        <user_defined_executable_functions_config>${root}/functions/hash_embedding_function.xml</user_defined_executable_functions_config>
      </clickhouse>`,
    );
    session = new Session(join(home, 'data'), { connectionArgs: [`--config-file=${config}`] });
  });

  afterAll(async () => {
    session.cleanup();
    await rm(home, { recursive: true });
  });

  const query = (sql: string): string => session.query(sql, 'TabSeparated').trim();

  test('gives 64 numbers of length 1, and zeros for a text without words', () => {
    const sql =
      "SELECT length(v), round(L2Norm(v), 4) FROM (SELECT hash_embedding(arrayJoin(['a dog', ' ', ''])) AS v)";
    expect(query(sql).split('\n')).toEqual(['64\t1', '64\t0', '64\t0']);
  });

  test('gives the vector that the checksums of the parts of a word make', () => {
    // By zlib the CRC-32 of "a" is e8b7be43, so 1 at 0x43 % 64 = 3; that of "<a>" is 6fb782ab, so -1 at 0xab % 64 = 43.
    const sql = "SELECT arrayMap(x -> round(x, 4), hash_embedding('A')) AS v, v[4], v[44], arrayCount(x -> x != 0, v)";
    expect(query(sql).split('\t').slice(1)).toEqual(['0.7071', '-0.7071', '2']);
  });

  test('finds the texts that share words or parts of words', () => {
    const sql = `SELECT text FROM values('text String', 'a red bicycle', 'two dogs in the snow', 'the stock market')
      ORDER BY cosineDistance(hash_embedding(text), hash_embedding('dog in snow')) LIMIT 1`;
    expect(query(sql)).toBe('two dogs in the snow');
  });

  test('keeps rows in order, and in one piece whatever they hold', () => {
    const texts = String.raw`arrayMap(i -> concat('row', toString(i), '\t', 'x\r\n\\', char(i % 256), 'end'), range(3000))`;
    const sql = `SELECT count(), uniqExact(text), countIf(v = hash_embedding(lower(text)))
      FROM (SELECT arrayJoin(${texts}) AS text, hash_embedding(text) AS v) SETTINGS max_block_size = 700`;
    expect(query(sql)).toBe('3000\t3000\t3000');
  });
});

async function check(searchPath: string): ReturnType<typeof checkFunctions> {
  return checkFunctions({
    functionsPath: join(root, 'functions'),
    userScriptsPath: join(root, 'user_scripts'),
    searchPath,
  });
}
