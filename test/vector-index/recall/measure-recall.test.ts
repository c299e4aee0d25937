import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Engine } from '../../../src/engine/engine.ts';
import { measureRecall } from '../../../src/vector-index/recall/measure-recall.ts';
import type { RecallReport, SearchResult } from '../../../src/vector-index/recall/recall-report.ts';
import { openTestEngine } from '../../engine/open-test-engine.ts';
import { insertVectors } from '../tables.ts';
import { dimensions, makeTable, requestFor } from './recall-table.ts';

let engine: Engine;

beforeAll(async () => {
  // Several threads that build a graph at once may lose rows, differently each time.
  engine = await openTestEngine({ indexThreads: 1 });
  await makeTable(engine, 'hard', { rows: 3000 });
});
afterAll(async () => engine.close());

const resultsOf = ({ indexes }: RecallReport): SearchResult[] => indexes.flatMap(({ results }) => results);

/** The recall by ids, with distances computed here in double precision. */
async function recallByIds(table: string, settings: string, k: number, queries: number): Promise<number> {
  const all = await engine.rows<{ id: number; v: number[] }>(`SELECT id, v FROM ${table} ORDER BY cityHash64(v)`);
  const norm = (v: readonly number[]): number => Math.hypot(...v);
  const distance = (a: readonly number[], b: readonly number[]): number =>
    1 - a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0) / (norm(a) * norm(b));
  let found = 0;
  for (const query of all.slice(0, queries)) {
    const sorted = all
      .filter(({ id }) => id !== query.id)
      .map(({ id, v }) => ({ id, distance: distance(v, query.v) }))
      .toSorted((a, b) => a.distance - b.distance);
    const nearest = new Set(sorted.slice(0, k).map(({ id }) => id));
    const answer = await engine.rows<{ id: number }>(
      `SELECT id FROM ${table} ORDER BY cosineDistance(v, {q:Array(Float32)}) LIMIT ${k + 1} SETTINGS ${settings}`,
      { params: { q: JSON.stringify(query.v) } },
    );
    found += answer.filter(({ id }) => nearest.has(id)).length;
  }
  return found / (k * queries);
}

describe('recall', () => {
  test('is the share of the nearest rows, by distances computed elsewhere, that a search finds', async () => {
    const report = await measureRecall(engine, requestFor('hard', { efs: [12, 40], queries: 20 }));
    for (const ef of [12, 40]) {
      const result = resultsOf(report).find((each) => each.ef === ef && !each.rescoring);
      const expected = await recallByIds('hard', `hnsw_candidate_list_size_for_search = ${ef}`, 10, 20);
      expect(result?.recall).toBeCloseTo(expected, 6);
      expect(expected).toBeLessThan(1);
    }
  });

  test('is by true distances also where an index of 8-bit vectors sorts by its own', async () => {
    await makeTable(engine, 'coarse', { rows: 1000, quantization: 'i8', m: 32 });
    const report = await measureRecall(engine, requestFor('coarse', { efs: [1000], fetchMultipliers: [1, 8] }));
    const at = (rescoring: boolean, fetchMultiplier: number): number | undefined =>
      resultsOf(report).find(
        (each) => each.ef === 1000 && each.rescoring === rescoring && each.fetchMultiplier === fetchMultiplier,
      )?.recall;
    const settings = 'hnsw_candidate_list_size_for_search = 1000';
    const expected = await recallByIds('coarse', settings, 10, 20);
    expect(expected).toBeLessThan(1);
    expect(at(false, 1)).toBeCloseTo(expected, 6);
    // Eight times as many candidates hold all that is near, and rescoring sorts them by their true distances.
    expect(at(true, 8)).toBe(1);
  });

  test('is 1 when the search looks at all candidates, and less when it looks at few', async () => {
    const report = await measureRecall(engine, requestFor('hard', { efs: [11, 3000] }));
    const [few, , all] = resultsOf(report);
    expect(few).toMatchObject({ ef: 11, usesIndex: true });
    expect(few?.recall).toBeLessThan(0.95);
    expect(all).toMatchObject({ ef: 3000, recall: 1, meanRows: 10, lostRows: 0 });
  });

  test('is 1 whichever of equal rows are found', async () => {
    await makeTable(engine, 'copies', { rows: 200, m: 32 });
    await engine.run('INSERT INTO copies SELECT id + 1000 * (1 + n), v FROM copies ARRAY JOIN range(4) AS n');
    await engine.run('OPTIMIZE TABLE copies FINAL');
    const report = await measureRecall(engine, requestFor('copies', { k: 2, efs: [1000] }));
    expect(resultsOf(report).find(({ ef }) => ef === 1000)?.recall).toBe(1);
  });

  test('is of the vectors that a query gives', async () => {
    const queryVectors = 'SELECT arrayMap(x -> -x, v) FROM hard WHERE id < 5; -- five';
    const report = await measureRecall(engine, requestFor('hard', { queryVectors, efs: [3000] }));
    expect(report).toMatchObject({ queries: 5, queryVectors });
    const result = resultsOf(report).find(({ ef }) => ef === 3000);
    expect(result).toMatchObject({ recall: 1, meanRows: 10 });
    expect(result).not.toHaveProperty('lostRows');
  });

  test('is measured for the distance of the index, also where it is a product', async () => {
    for (const distance of ['L2Distance', 'dotProduct'] as const) {
      await makeTable(engine, 'other', { rows: 500, distance, m: 32 });
      const report = await measureRecall(engine, requestFor('other', { efs: [500] }));
      expect(report.distance).toBe(distance);
      expect(resultsOf(report).find(({ ef, rescoring }) => ef === 500 && rescoring)?.recall).toBe(1);
    }
  });

  test('marks what a query gets that sets nothing, and compares times with the exact search', async () => {
    const report = await measureRecall(engine, requestFor('hard', { efs: [16], queries: 3 }));
    const results = resultsOf(report);
    expect(results.filter(({ isDefault }) => isDefault)).toMatchObject([
      { ef: 256, rescoring: false, fetchMultiplier: 1 },
    ]);
    for (const { medianMs, p99Ms, speedup } of results) {
      expect(medianMs).toBeGreaterThan(0);
      expect(p99Ms).toBeGreaterThanOrEqual(medianMs);
      expect(speedup).toBeCloseTo(report.exact.medianMs / medianMs, 9);
    }
  });
});

describe('a filter', () => {
  test('is in all searches; those that thin out what the index fetched give fewer rows', async () => {
    const filter = 'id % 50 = 7 -- 60 rows';
    const report = await measureRecall(engine, { ...requestFor('hard', { fetchMultipliers: [1, 40] }), filter });
    expect(report).toMatchObject({ rows: 3000, matchingRows: 60, filter });
    const results = resultsOf(report);
    expect(new Set(results.map(({ filterStrategy }) => filterStrategy))).toEqual(
      new Set(['auto', 'prefilter', 'postfilter']),
    );
    expect(results.find(({ filterStrategy }) => filterStrategy === 'prefilter')).toMatchObject({
      recall: 1,
      meanRows: 10,
      usesIndex: false,
    });
    const [fetched11, fetched440] = [1, 40].map((multiplier) =>
      results.find(
        (each) => each.filterStrategy === 'postfilter' && each.ef === 256 && each.fetchMultiplier === multiplier,
      ),
    );
    expect(fetched11?.meanRows).toBeLessThan(2);
    expect(fetched440?.meanRows).toBeGreaterThan(5);
    // No more of the nearest rows can be found than there are rows in an answer.
    expect(fetched440?.recall).toBeLessThanOrEqual((fetched440?.meanRows ?? 0) / 10 + 1e-9);
    expect(fetched440?.recall).toBeGreaterThan(0.5);
  });

  test('may leave fewer rows than are asked for: recall is of those', async () => {
    const report = await measureRecall(engine, { ...requestFor('hard', { k: 10 }), filter: 'id % 1000 = 5' });
    const results = resultsOf(report);
    expect(results.find(({ filterStrategy }) => filterStrategy === 'prefilter')).toMatchObject({ recall: 1 });
    expect(results.find(({ filterStrategy }) => filterStrategy === 'postfilter')?.meanRows).toBeLessThan(3);
  });

  test.each([
    ['id <', /the filter \(id <\) fails: Syntax error/],
    ['idd = 1', /the filter \(idd = 1\) fails: .*Maybe you meant: \['id'\]/],
    ['id < 0', /no row fulfils the filter \(id < 0\)/],
  ])('that is none is told of as that: %s', async (filter, message) => {
    const measured = measureRecall(engine, { ...requestFor('hard'), filter });
    await expect(measured).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) as string });
  });

  test('that makes ClickHouse search exactly is told of, and is no recall of 1', async () => {
    const measured = measureRecall(engine, { ...requestFor('hard'), filter: 'id < 600' });
    await expect(measured).rejects.toMatchObject({
      code: 'INDEX_UNMEASURABLE',
      message: expect.stringContaining(
        "does not use the index 'v_index' of table 'hard': with the filter (id < 600)",
      ) as string,
    });
  });
});

test('where no row is a neighbour there is nothing to measure', async () => {
  // The vector searched for is that of the only row that fulfils the filter.
  const [first] = await engine.rows<{ id: number }>('SELECT id FROM hard ORDER BY cityHash64(v) LIMIT 1');
  const filter = `sipHash64(id) = sipHash64(${first?.id}::UInt64)`;
  await expect(measureRecall(engine, { ...requestFor('hard', { queries: 1 }), filter })).rejects.toMatchObject({
    code: 'USAGE',
    message: expect.stringContaining('no search has an answer') as string,
  });
});

describe('an index that cannot be measured', () => {
  test('was dropped: the command that creates one is named', async () => {
    await makeTable(engine, 'bare', { rows: 100 });
    await engine.run('ALTER TABLE bare DROP INDEX v_index SETTINGS mutations_sync = 2');
    await expect(measureRecall(engine, requestFor('bare'))).rejects.toMatchObject({
      code: 'USAGE',
      message: "column 'v' of table 'bare' has no vector index; create one with: embedhouse index create bare v",
    });
  });

  test('is not built in a part: the part is searched exactly, so that it is told how to build it', async () => {
    await makeTable(engine, 'partly', { rows: 100 });
    await engine.run('SET materialize_skip_indexes_on_insert = 0');
    await insertVectors(engine, 'partly', { rows: 100, dimensions, from: 100 });
    await engine.run('SET materialize_skip_indexes_on_insert = 1');
    await expect(measureRecall(engine, requestFor('partly'))).rejects.toMatchObject({
      code: 'INDEX_UNMEASURABLE',
      message: expect.stringMatching(/1 of its 2 parts are without it; build it there with ALTER TABLE/) as string,
    });
  });

  test('is one of several: it has to be named, and the others then do not take part', async () => {
    await makeTable(engine, 'twice', { rows: 1000, m: 32 });
    await engine.run(`
      ALTER TABLE twice ADD INDEX coarse v TYPE vector_similarity('hnsw', 'cosineDistance', ${dimensions}, 'b1', 32, 32);
      ALTER TABLE twice MATERIALIZE INDEX coarse SETTINGS mutations_sync = 2;
      ALTER TABLE twice ADD INDEX \`fine-1\` v TYPE vector_similarity('hnsw', 'cosineDistance', ${dimensions}, 'f32', 32, 64);
      ALTER TABLE twice MATERIALIZE INDEX \`fine-1\` SETTINGS mutations_sync = 2`);
    await expect(measureRecall(engine, requestFor('twice'))).rejects.toMatchObject({
      message: expect.stringContaining('has several vector indexes (coarse, fine-1, v_index)') as string,
    });
    const recallOf = async (index: string): Promise<number | undefined> =>
      resultsOf(await measureRecall(engine, requestFor('twice', { index, efs: [1000] }))).find(({ ef }) => ef === 1000)
        ?.recall;
    expect(await recallOf('v_index')).toBe(1);
    expect(await recallOf('coarse')).toBeLessThan(0.9);
  });

  test.each([
    [{ k: 3000 }, 'there are 3000 rows to search, too few for --k 3000 and the row that is searched for'],
    [{ k: 1000 }, 'above max_limit_for_vector_search_queries, which is 1000'],
    [{ queryVectors: 'SELECT [1, 2]::Array(Float32)' }, 'gives a vector of 2 dimensions; the index has 32'],
    [{ queryVectors: 'SELECT 1, 2' }, 'gives 2 columns'],
    [{ queryVectors: "SELECT 'a dog'" }, 'gives String; an array of floats is expected'],
    [{ queryVectors: 'SELECT 1; SELECT 2' }, 'is 2 statements; one SELECT is expected'],
    [{ queryVectors: ' ' }, 'is empty'],
    [{ queryVectors: 'SELECT v FROM hard WHERE 0' }, 'gives no vectors'],
    [{ queryVectors: 'SELEC' }, 'the query for the vectors to search for (SELEC) fails: Syntax error'],
    [{ index: 'w' }, "has no vector index 'w'; it has v_index"],
  ])('because of what is asked for: %o', async (rest, message) => {
    await expect(measureRecall(engine, requestFor('hard', rest))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('a measurement that is stopped', () => {
  test('gives what was measured', async () => {
    const stop = new AbortController();
    const report = await measureRecall(engine, {
      ...requestFor('hard', { efs: [16, 32], signal: stop.signal }),
      onProgress: ({ step }) => {
        if (step === 'v_index: ef 32') stop.abort();
      },
    });
    expect(report.isInterrupted).toBe(true);
    expect(resultsOf(report).map(({ ef }) => ef)).toEqual([16]);
  });

  test('says so when nothing was', async () => {
    const stop = new AbortController();
    const measured = measureRecall(engine, {
      ...requestFor('hard', { signal: stop.signal }),
      onProgress: () => stop.abort(),
    });
    await expect(measured).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});
