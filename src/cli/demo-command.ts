import { join, resolve } from 'node:path';

import type { Command } from 'commander';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { HomeOptions } from '../home/open-home.ts';
import { openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openCheckedEngine } from './open-checked-engine.ts';
import { showDemo } from './show-demo.ts';

/** `embedhouse demo`: a tour on bundled data. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('a tour: pictures and texts through a small CLIP into a table, vector indexes, the documented queries')
    .option('--pictures <dir>', 'where the pictures are rendered to (HOME/demo/pictures)')
    .action(async ({ pictures }: { pictures?: string }, command: Command) => {
      const home = await openHomeOf(command);
      if (home.serverUrl !== undefined) {
        const message = 'the demo embeds with models of this machine, on the embedded engine: leave out --connect';
        throw new EmbedhouseError('USAGE', message);
      }
      const model = (process.env['EMBEDHOUSE_MODEL'] ??= 'emoji-clip');
      const startedAt = performance.now();
      await interruptible(async (signal) => {
        // A graph that several threads build may miss some of its rows; this one is small.
        await using engine = await openCheckedEngine(home, { indexThreads: 1 });
        const { runDemo } = await import('../demo/run-demo.ts');
        const picturesPath = resolve(pictures ?? join(home.path, 'demo/pictures'));
        await runDemo({ engine, model, picturesPath, report: showDemo(process.stdout, process.stderr), signal });
      });
      const query = `npx embedhouse query ${sameFlags(command)}--model ${model}`;
      process.stdout.write(`
Done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s. What to try next:
  ${query} "SELECT caption FROM laion ORDER BY cosineDistance(image_embedding, encode_text('a red fruit')) LIMIT 10"
  ${query} "SELECT caption FROM laion ORDER BY cosineDistance(image_embedding, encode_image('YOUR-PICTURE.jpg')) LIMIT 10"
  npx embedhouse functions list
  npx embedhouse host status
`);
    });
}

/** The flags that say where the demo's table is, as they were given, quoted for a shell. */
function sameFlags(command: Command): string {
  const { home, data } = command.optsWithGlobals<HomeOptions>();
  const given = Object.entries({ home, data }).filter(
    ([name]) => command.getOptionValueSourceWithGlobals(name) === 'cli',
  );
  return given.map(([name, value]) => `--${name} '${String(value).replaceAll("'", String.raw`'\''`)}' `).join('');
}
