import type { Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { ratios } from '../statistics.ts';
import { bulkQuery, warmUp } from './bulk-query.ts';

const queries = 8;

/** Eight bulk queries at once from eight processes, beside one query over the same rows. */
export const concurrentBulkFigure: Figure = {
  name: 'concurrent-bulk',
  measure: async (bench) => {
    const { concurrentTexts, rounds } = bench.settings;
    const values = bench.captions.write(concurrentTexts).map(({ text }) => text);
    await using _host = await ModelHost.start(bench, { cacheMib: 0 });
    await using engine = await EngineProcess.open(bench);
    await engine.createTable('captions', values);
    await warmUp(engine, 'encode_text', values.slice(0, concurrentTexts / 4));
    bench.progress(`opening ${queries} engines`);
    await using engines = await Engines.open(bench, values);
    const { eight, one } = await interleave(
      bench,
      {
        eight: async () => (concurrentTexts * 1000) / (await engines.run()),
        one: async () => (concurrentTexts * 1000) / (await engine.time(bulkQuery('encode_text', 'captions'))),
      },
      Math.ceil(rounds * 0.6),
    );
    return [
      {
        what: `texts/s of ${queries} concurrent bulk queries over one, fp32`,
        unit: 'x',
        samples: ratios(eight, one),
        target: { atLeast: 0.95 },
        parts: { [`texts/s of ${queries} queries`]: eight, 'texts/s of one query': one },
        notes: [`the same ${concurrentTexts} texts in all, ${concurrentTexts / queries} a query`],
      },
    ];
  },
};

/** Engines in processes of their own, each with its share of the rows. */
class Engines implements AsyncDisposable {
  readonly #members: EngineProcess[] = [];

  static async open(bench: Bench, values: readonly string[]): Promise<Engines> {
    const engines = new Engines();
    try {
      for (let index = 0; index < queries; index++) {
        const engine = await EngineProcess.open(bench);
        engines.#members.push(engine);
        await engine.createTable(
          'captions',
          values.filter((_, row) => row % queries === index),
        );
        // Starts the engine's bridge.
        await warmUp(engine, 'encode_text', [`a dog of engine ${index}`]);
      }
      return engines;
    } catch (error) {
      await engines[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Milliseconds until the last of them has its vectors. */
  async run(): Promise<number> {
    const startedAt = performance.now();
    await Promise.all(this.#members.map(async (engine) => engine.time(bulkQuery('encode_text', 'captions'))));
    return performance.now() - startedAt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(async (engine) => engine[Symbol.asyncDispose]()));
  }
}
