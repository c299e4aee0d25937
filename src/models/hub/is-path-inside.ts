/** Whether a path that came from outside is that of a file below the folder it is meant for, on every system. */
export function isPathInside(path: string): boolean {
  // Control characters are no way out, but have no place in messages; a colon names a drive or a stream on Windows.
  // oxlint-disable-next-line no-control-regex
  return !/[\u0000-\u001F\u007F\\:]/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}
