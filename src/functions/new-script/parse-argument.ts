import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { isIdentifier } from '../is-identifier.ts';

/** An argument as it was asked for. */
export interface NamedType {
  name: string;
  type: string;
}

/** Reads `name:Type`, whose type may hold colons and commas. @throws USAGE */
export function parseArgument(text: string): NamedType {
  const colon = text.indexOf(':');
  const name = text.slice(0, Math.max(colon, 0)).trim();
  const type = text.slice(colon + 1).trim();
  if (colon < 0 || name === '' || type === '') {
    throw new EmbedhouseError(
      'USAGE',
      `the argument '${text}' is not a name, a colon and a type; write it such as --argument text:String`,
    );
  }
  if (!isIdentifier(name)) {
    throw new EmbedhouseError(
      'USAGE',
      `'${name}' cannot be the name of an argument, which begins with a letter or _ and has letters, digits and _ only; choose another name`,
    );
  }
  return { name, type };
}

/** @throws USAGE when two arguments have the same name */
export function requireDifferentNames(given: readonly NamedType[]): void {
  const repeated = given.find(({ name }, index) => given.findIndex((other) => other.name === name) < index);
  if (repeated === undefined) return;
  throw new EmbedhouseError('USAGE', `two arguments are called '${repeated.name}'; give each a name of its own`);
}
