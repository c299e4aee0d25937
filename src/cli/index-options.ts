import { InvalidArgumentError, Option } from 'commander';

import { quantizations } from '../vector-index/vector-index.ts';

/** The flag by which commands name a quantization. */
export function quantizationOption(): Option {
  return new Option('--quantization <type>', 'how the index stores vectors').choices(quantizations);
}

/** Parses `--m`, of which ClickHouse takes 2 and more. @throws InvalidArgumentError */
export function parseNeighbours(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 2) {
    throw new InvalidArgumentError('expected a whole number, 2 or greater');
  }
  return parsed;
}
