import type { Command } from 'commander';

import { openHost } from '../api/open-host.ts';
import type { IngestImagesReport } from '../ingest/images/ingest-images.ts';
import { imageSpecOf, openModelFolder } from '../models/model-folder.ts';
import { currentModel, openHomeOf } from './home-options.ts';
import { interruptible } from './interruptible.ts';
import { openEngine } from './open-checked-engine.ts';
import { IngestImagesBar } from './show-ingest-images.ts';

interface IngestImagesFlags {
  table: string;
  prune?: true;
  retryFailed?: true;
  json?: true;
}

/** `embedhouse ingest images`: from folders of images to a table with their vectors. */
export function addIngestImagesCommand(ingest: Command): void {
  ingest
    .command('images')
    .description('embed the images of folders into a table; run again, only what is new or changed')
    .argument('<place...>', "folders, image files, or globs in quotes ('photos/**/*.jpg')")
    .option('--table <name>', 'the table, made when missing; with it NAME_failures', 'images')
    .option('--prune', 'remove the rows of files that are gone from the places')
    .option('--retry-failed', 'try again what failed before, also if it is as it was')
    .option('--json', 'what was done as JSON')
    .addHelpText(
      'after',
      `
The table has path, bytes, width, height, format, modified, sha256, caption, image_embedding and text_embedding. Captions are
read from NAME.txt or NAME.json beside NAME.jpg, as img2dataset leaves them. Hidden files are left out. Stop it at any moment
and run it again: it goes on.

Examples:
  embedhouse ingest images ~/photos
  embedhouse ingest images 'scans/2024-*/*.png' --table scans --model emoji-clip
  embedhouse query "SELECT path FROM images ORDER BY cosineDistance(image_embedding, encode_text('a dog')) LIMIT 10"
  embedhouse query "SELECT path, reason FROM images_failures"`,
    )
    .action(async (places: string[], flags: IngestImagesFlags, command: Command) => {
      const home = await openHomeOf(command);
      const folder = await openModelFolder(home.modelsPath, currentModel());
      // Says at once if the model embeds no images.
      imageSpecOf(folder);
      const report = await interruptible(async (signal) => {
        await using engine = await openEngine(home);
        await using host = await openHost({ model: currentModel(), modelsPath: home.modelsPath, signal });
        using bar = new IngestImagesBar(process.stderr);
        const { ingestImages } = await import('../ingest/images/ingest-images.ts');
        return await ingestImages({
          engine,
          host,
          places,
          table: flags.table,
          signal,
          onProgress: bar.update,
          embedsTexts: folder.text !== undefined,
          prune: flags.prune ?? false,
          retryFailed: flags.retryFailed ?? false,
        });
      });
      process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : describe(report));
    });
}

function describe(report: IngestImagesReport): string {
  const { table, seconds, failed, failedBefore, gone, goneExamples, pruned, leftOut } = report;
  const counts = [
    `${report.new} new`,
    `${report.changed} changed`,
    `${report.unchanged} unchanged`,
    `${failed} failed`,
    `${gone} gone`,
  ];
  const lines = [`${table}: ${counts.join(', ')} (${seconds.toFixed(1)} s)`];
  if (failed > 0) {
    const before =
      failedBefore === 0 ? '' : `; ${failedBefore} failed before and were not tried again (--retry-failed)`;
    lines.push(`failed: why is in ${table}_failures${before}`);
  }
  if (gone > 0) {
    const more = gone > goneExamples.length ? ', …' : '';
    const what = pruned > 0 ? 'their rows were removed' : 'their rows are still there (--prune removes them)';
    lines.push(`gone: ${goneExamples.map((path) => JSON.stringify(path)).join(', ')}${more}; ${what}`);
  }
  const kinds = Object.entries(leftOut).map(([extension, count]) => `${count} ${extension}`);
  if (kinds.length > 0) {
    lines.push(`left out: ${kinds.join(', ')}; convert them to JPEG, PNG, WebP, GIF, TIFF or AVIF`);
  }
  return `${lines.join('\n')}\n`;
}
