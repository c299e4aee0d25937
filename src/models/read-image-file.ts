import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { checkImageBytes, type ImageLimits } from './prepare-image.ts';

/**
 * Reads an image file. With `allowedFolders` the file must lie in one of them, after all links are followed.
 *
 * @throws IMAGE_NOT_FOUND when there is no such file.
 * @throws IMAGE_FORBIDDEN when the file may not be read, or lies outside the allowed folders.
 * @throws IMAGE_INVALID when it is a folder, pipe, socket or device, or empty.
 * @throws IMAGE_TOO_LARGE when it exceeds the limit; nothing is read then.
 */
export async function readImageFile(
  path: string,
  limits: ImageLimits,
  allowedFolders?: readonly string[],
): Promise<Uint8Array> {
  try {
    const realPath = allowedFolders === undefined ? path : await findAllowed(path, allowedFolders);
    // Without O_NONBLOCK, opening a pipe waits for its writer.
    const file = await open(realPath, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readRegularFile(file, path, limits);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof EmbedhouseError ? error : describeFailure(path, error);
  }
}

async function findAllowed(path: string, allowedFolders: readonly string[]): Promise<string> {
  const folders = await Promise.all(allowedFolders.map((folder) => realpath(folder).catch(() => resolve(folder))));
  // A path outside is refused whether or not it exists, so that a query cannot probe for files there.
  const realPath = await realpath(path).catch((error: unknown) => {
    if (folders.some((folder) => isInside(folder, resolve(path)))) throw error;
    return undefined;
  });
  if (realPath !== undefined && folders.some((folder) => isInside(folder, realPath))) return realPath;
  throw new EmbedhouseError(
    'IMAGE_FORBIDDEN',
    `image '${path}' is outside the folders that images may be read from (${allowedFolders.join(', ')}); move it there, or allow its folder with --image-folders in the function's <command> or with EMBEDHOUSE_IMAGE_FOLDERS`,
  );
}

function isInside(folder: string, path: string): boolean {
  const below = relative(folder, path);
  return below !== '..' && !below.startsWith('../') && !isAbsolute(below);
}

async function readRegularFile(file: FileHandle, path: string, limits: ImageLimits): Promise<Uint8Array> {
  const found = await file.stat();
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'a pipe, socket or device';
    throw new EmbedhouseError('IMAGE_INVALID', `image '${path}' is ${kind}; give the path of an image file`);
  }
  checkImageBytes(`image '${path}'`, found.size, limits);
  const bytes = new Uint8Array(found.size);
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  if (length > 0) return bytes.subarray(0, length);
  throw new EmbedhouseError('IMAGE_INVALID', `image '${path}' has 0 bytes; give the path of an image file`);
}

function describeFailure(path: string, cause: unknown): EmbedhouseError {
  // Node's file errors carry the system's name of the error in `code`.
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return new EmbedhouseError(
        'IMAGE_FORBIDDEN',
        `image '${path}' may not be read by this user (${code}); change its permissions, or those of its folders`,
        { cause },
      );
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'ELOOP':
    case 'ERR_INVALID_ARG_VALUE':
      return new EmbedhouseError(
        'IMAGE_NOT_FOUND',
        `image '${path}' is not found (${code}); give the path of an image file on the machine that runs the model host`,
        { cause },
      );
    default:
      return new EmbedhouseError(
        'IMAGE_INVALID',
        `image '${path}' cannot be read (${code}); give the path of an image file`,
        { cause },
      );
  }
}
