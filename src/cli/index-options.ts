import { InvalidArgumentError, Option } from 'commander';

import { quantizations } from '../vector-index/vector-index.ts';

/** The flag by which commands name a quantization. */
export function quantizationOption(): Option {
  return new Option('--quantization <type>', 'how the index stores vectors').choices(quantizations);
}

/** ClickHouse takes any number, and with a mistyped one as much memory as there is. */
const maxNeighbours = 1000;

/** Parses `--m`. @throws InvalidArgumentError */
export function parseNeighbours(value: string): number {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < 2 || parsed > maxNeighbours) {
    throw new InvalidArgumentError(`expected a whole number from 2 to ${maxNeighbours}`);
  }
  return parsed;
}
