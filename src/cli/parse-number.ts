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

const unitBytes: Record<string, number> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };
const binaryUnitBytes: Record<string, number> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };

/** Parses a flag's value that is a size: 64G and 64GB are 64 · 10⁹ bytes, 64Gi and 64GiB 64 · 2³⁰. @throws InvalidArgumentError */
export function parseBytes(value: string): number {
  const found = /^(?<count>\d+(?:\.\d+)?) ?(?<unit>[KMGT]?)(?<binary>i?)B?$/i.exec(value)?.groups;
  const units = found?.['binary'] === '' ? unitBytes : binaryUnitBytes;
  const bytes = Number(found?.['count']) * (units[found?.['unit']?.toUpperCase() ?? ''] ?? Number.NaN);
  if (!(bytes > 0)) {
    throw new InvalidArgumentError('expected a size greater than 0, such as 64G or 512Mi');
  }
  return bytes;
}
