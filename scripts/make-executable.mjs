// The compiler writes plain files; the command and the bridge are programs.
import { chmodSync } from 'node:fs';

for (const program of ['cli/main.js', 'bridge/embed.js']) {
  chmodSync(new URL(`../dist/${program}`, import.meta.url), 0o755);
}
