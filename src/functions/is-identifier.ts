/** Whether SQL can call a function of this name without backquotes. */
export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}
