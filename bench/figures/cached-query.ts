import type { Figure } from '../figure.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { quantile } from '../statistics.ts';

const warmUpQueries = 20;

/** The same text again and again, beside a query without any function. */
export const cachedQueryFigure: Figure = {
  name: 'cached-query',
  measure: async (bench) => {
    await using _host = await ModelHost.start(bench);
    await using engine = await EngineProcess.open(bench);
    bench.progress(`${2 * bench.settings.queries} pairs of queries`);
    const cached: number[] = [];
    const plain: number[] = [];
    for (let index = 0; index < 2 * bench.settings.queries + warmUpQueries; index++) {
      const pair = [
        await engine.time("SELECT encode_text('a dog and a cat') FORMAT Null"),
        await engine.time('SELECT 1 FORMAT Null'),
      ] as const;
      if (index < warmUpQueries) continue;
      cached.push(pair[0]);
      plain.push(pair[1]);
    }
    const difference = cached.map((elapsedMs, index) => elapsedMs - (plain[index] ?? Number.NaN));
    return [
      {
        what: 'one cached query: whole query less SELECT 1',
        unit: 'ms',
        samples: difference,
        target: { atMost: 1 },
        parts: { 'cached query ms': cached, 'SELECT 1 ms': plain },
        notes: [`p99 of the difference ${quantile(difference, 0.99).toFixed(2)} ms`],
      },
    ];
  },
};
