import { closestMatch } from 'leven';

/** Asks for the known name that a misspelled one resembles, `did you mean 'RowBinary'?`, or gives `''`. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const closest = closestName(name, known);
  return closest === undefined ? '' : `did you mean '${closest}'?`;
}

/** Finds the known name that differs from `name` in at most a third of its characters, ignoring case. */
function closestName(name: string, known: Iterable<string>): string | undefined {
  const originals = new Map<string, string>();
  for (const original of known) {
    if (!originals.has(original.toLowerCase())) originals.set(original.toLowerCase(), original);
  }
  const wanted = name.trim().toLowerCase();
  if (originals.has(wanted)) return originals.get(wanted);
  const maxDistance = Math.ceil(wanted.length / 3);
  const closest = closestMatch(wanted, [...originals.keys()], { maxDistance });
  return closest === undefined ? undefined : originals.get(closest);
}
