import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** The models that docs and messages name, by the names they have here. */
export const shortNames: Readonly<Record<string, string>> = {
  'clip-vit-base-patch32': 'Xenova/clip-vit-base-patch32',
  'clip-vit-large-patch14': 'Xenova/clip-vit-large-patch14',
  // Not the conversion: the original says how its vectors are pooled.
  'all-MiniLM-L6-v2': 'sentence-transformers/all-MiniLM-L6-v2',
};

/** `owner/name`, of what the hub allows in both, and no `..`. */
export const repositoryPattern = /^(?!.*\.\.)[A-Za-z0-9][\w.-]{0,95}\/[A-Za-z0-9][\w.-]{0,95}$/;

/**
 * Finds the repository that `name` means: itself as `owner/name`, or that of a short name.
 *
 * @throws USAGE when it is neither.
 */
export function parseRepositoryName(name: string): string {
  const known = Object.hasOwn(shortNames, name) ? shortNames[name] : undefined;
  if (known !== undefined) {
    return known;
  }
  if (repositoryPattern.test(name)) {
    return name;
  }
  throw new EmbedhouseError(
    'USAGE',
    `'${name}' is not a model of the hub: name it as owner/name, such as Xenova/clip-vit-base-patch32, or by one of the short names ${Object.keys(shortNames).join(', ')}`,
  );
}

/** Names the command that pulls what is to be the model `name` here; of unknown models it leaves the owner open. */
export function pullCommandFor(name: string): string {
  return `embedhouse models pull ${Object.hasOwn(shortNames, name) ? name : `OWNER/${name}`}`;
}
