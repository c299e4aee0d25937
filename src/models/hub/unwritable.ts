import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

const advice: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free space there, and pull again to go on from here',
  EDQUOT: 'the quota is used up; free space there, and pull again to go on from here',
  EROFS: 'the file system is read-only; name another folder with --models',
  EACCES: 'it may not be written; name another folder with --models, or make it writable',
  EPERM: 'it may not be written; name another folder with --models, or make it writable',
  ENOTDIR: 'a part of the path is a file; name another folder with --models',
  EEXIST: 'a file is in its place; name another folder with --models',
};

/** Makes the error for a path that cannot be written, with what to do. An error of our own is passed on. */
export function unwritable(path: string, cause: unknown): EmbedhouseError {
  if (cause instanceof EmbedhouseError) {
    return cause;
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new EmbedhouseError('FILE_UNUSABLE', `${path} cannot be written: ${advice[code] ?? reason}`, { cause });
}
