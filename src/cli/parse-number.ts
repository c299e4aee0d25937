import { InvalidArgumentError } from 'commander';

/** Parses a flag's value that is 0 or greater. @throws InvalidArgumentError */
export function parseNumber(value: string): number {
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < 0) {
    throw new InvalidArgumentError('expected a number, 0 or greater');
  }
  return parsed;
}

/** Parses a flag's value that is greater than 0. @throws InvalidArgumentError */
export function parsePositive(value: string): number {
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed <= 0) {
    throw new InvalidArgumentError('expected a number greater than 0');
  }
  return parsed;
}

/** Parses a flag's value that counts something. @throws InvalidArgumentError */
export function parseCount(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 1) {
    throw new InvalidArgumentError('expected a whole number, 1 or greater');
  }
  return parsed;
}
