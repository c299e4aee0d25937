import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { getuid } from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readImageFile } from '../../src/models/read-image-file.ts';

const limits = { maxBytes: 100, maxPixels: 100 };
let temporary: string;
let allowed: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'embedhouse-images-'));
  allowed = join(temporary, 'allowed folder');
  await mkdir(join(allowed, 'below'), { recursive: true });
  await writeFile(join(allowed, 'a picture.jpg'), 'picture');
  await writeFile(join(allowed, 'below', 'ümlaut 1.jpg'), 'below');
  await writeFile(join(allowed, 'empty.jpg'), '');
  await writeFile(join(allowed, 'large.jpg'), Buffer.alloc(101));
  await writeFile(join(temporary, 'secret.jpg'), 'secret');
  await symlink(join(temporary, 'secret.jpg'), join(allowed, 'link.jpg'));
  await symlink('loop.jpg', join(allowed, 'loop.jpg'));
  execFileSync('mkfifo', [join(allowed, 'pipe.jpg')]);
});
afterAll(() => rm(temporary, { recursive: true }));

async function readText(path: string, allowedFolders?: string[]): Promise<string> {
  return Buffer.from(await readImageFile(path, limits, allowedFolders)).toString();
}

describe('readImageFile', () => {
  test('reads a file whose path has spaces and letters outside ASCII', async () => {
    expect(await readText(join(allowed, 'a picture.jpg'))).toBe('picture');
    expect(await readText(join(allowed, 'below', 'ümlaut 1.jpg'))).toBe('below');
  });

  test('reads below the allowed folders, even when they are named through a link', async () => {
    const link = join(temporary, 'link to allowed');
    await symlink(allowed, link);
    expect(await readText(join(allowed, 'below', 'ümlaut 1.jpg'), ['/nowhere', allowed])).toBe('below');
    expect(await readText(join(link, 'a picture.jpg'), [allowed])).toBe('picture');
    expect(await readText(join(allowed, 'a picture.jpg'), [link])).toBe('picture');
  });

  test.each([
    ['a missing file', 'missing.jpg', 'IMAGE_NOT_FOUND'],
    ['a file below a file', 'a picture.jpg/x', 'IMAGE_NOT_FOUND'],
    ['a link to itself', 'loop.jpg', 'IMAGE_NOT_FOUND'],
    ['a name of 1000 letters', 'x'.repeat(1000), 'IMAGE_NOT_FOUND'],
    ['a name with a zero byte', 'a\0b', 'IMAGE_NOT_FOUND'],
    ['a folder', 'below', 'IMAGE_INVALID'],
    ['a pipe, without waiting for its writer', 'pipe.jpg', 'IMAGE_INVALID'],
    ['an empty file', 'empty.jpg', 'IMAGE_INVALID'],
    ['a file over the limit', 'large.jpg', 'IMAGE_TOO_LARGE'],
  ])('refuses %s and names it', async (_what, name, code) => {
    const path = join(allowed, name);
    const failure = { code, message: expect.stringContaining(`'${path}'`) };
    await expect(readImageFile(path, limits)).rejects.toMatchObject(failure);
    await expect(readImageFile(path, limits, [allowed])).rejects.toMatchObject(failure);
  });

  test('refuses a device', async () => {
    await expect(readImageFile('/dev/zero', limits)).rejects.toMatchObject({ code: 'IMAGE_INVALID' });
  });

  test.each([
    ['beside them', () => join(temporary, 'secret.jpg')],
    ['through a link', () => join(allowed, 'link.jpg')],
    ['through ..', () => `${allowed}/../secret.jpg`],
    ['by a relative path', () => relative('.', join(temporary, 'secret.jpg'))],
    ['that does not exist', () => join(temporary, 'missing.jpg')],
    ['whose folder only begins with the same letters', () => `${allowed}-other/a.jpg`],
  ])('refuses a file outside the allowed folders %s', async (_how, path) => {
    await expect(readImageFile(path(), limits, [allowed])).rejects.toMatchObject({
      code: 'IMAGE_FORBIDDEN',
      message: expect.stringContaining(allowed),
    });
  });

  test('refuses every file when no folder is allowed', async () => {
    await expect(readImageFile(join(allowed, 'a picture.jpg'), limits, [])).rejects.toMatchObject({
      code: 'IMAGE_FORBIDDEN',
    });
  });

  test.skipIf(getuid?.() === 0)('refuses a file that the user may not read (skipped for root, who may)', async () => {
    const path = join(temporary, 'private.jpg');
    await writeFile(path, 'private');
    await chmod(path, 0o000);
    await expect(readImageFile(path, limits)).rejects.toMatchObject({ code: 'IMAGE_FORBIDDEN' });
  });
});
