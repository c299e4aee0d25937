import { join, resolve } from 'node:path';

import type { Command } from 'commander';

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
      const model = (process.env['EMBEDHOUSE_MODEL'] ??= 'emoji-clip');
      const startedAt = performance.now();
      await interruptible(async (signal) => {
        await using engine = await openCheckedEngine(home);
        const { runDemo } = await import('../demo/run-demo.ts');
        const picturesPath = resolve(pictures ?? join(home.path, 'demo/pictures'));
        await runDemo({ engine, model, picturesPath, report: showDemo(process.stdout, process.stderr), signal });
      });
      process.stdout.write(`
Done in ${((performance.now() - startedAt) / 1000).toFixed(0)} s. What to try next:
  npx embedhouse query --model emoji-clip "SELECT caption FROM laion ORDER BY cosineDistance(image_embedding, encode_text('a red fruit')) LIMIT 10"
  npx embedhouse query --model emoji-clip "SELECT caption FROM laion ORDER BY cosineDistance(image_embedding, encode_image('YOUR-PICTURE.jpg')) LIMIT 10"
  npx embedhouse functions list
  npx embedhouse host status
`);
    });
}
