import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes a link in a folder, which is made if it is missing; one that is there already leads to `target` afterwards. */
export async function link(target: string, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true });
  if ((await readlink(path).catch(() => undefined)) !== target) {
    await rm(path, { force: true });
    await symlink(target, path);
  }
}
