import { InvalidArgumentError } from 'commander';

/** Parses numbers and ranges, such as `0-9,12`, to a test whether a number is among them. @throws InvalidArgumentError */
export function parseParts(value: string): (number: number) => boolean {
  const ranges = value.split(',').map((range) => {
    const { first, last = first } = /^\s*(?<first>\d{1,9})(?:\s*-\s*(?<last>\d{1,9}))?\s*$/.exec(range)?.groups ?? {};
    if (first === undefined || Number(last) < Number(first)) {
      throw new InvalidArgumentError('expected numbers and ranges, such as 0-9,12');
    }
    return { first: Number(first), last: Number(last) };
  });
  return (number) => ranges.some(({ first, last }) => number >= first && number <= last);
}
