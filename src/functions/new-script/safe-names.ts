/**
 * Gives each name a form that a language takes, in the same order: one that it reserves, or that is there already, gets
 * a `_` at its end.
 */
export function safeNames(names: readonly string[], reserved: ReadonlySet<string>): string[] {
  const safe: string[] = [];
  for (const name of names) {
    let candidate = name;
    while (reserved.has(candidate) || safe.includes(candidate)) candidate += '_';
    safe.push(candidate);
  }
  return safe;
}
