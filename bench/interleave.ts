import type { Bench } from './bench.ts';

/**
 * Measures the sides in turn, A B C A B C …, so that a slow moment of the machine meets all of them, and answers each
 * side's numbers, one for each round.
 */
export async function interleave<Side extends string>(
  bench: Bench,
  sides: Readonly<Record<Side, () => Promise<number>>>,
  rounds = bench.settings.rounds,
): Promise<Record<Side, number[]>> {
  // Object.keys forgets the type of the keys.
  const names = Object.keys(sides) as Side[];
  const numbers = Object.fromEntries(names.map((name): [string, number[]] => [name, []])) as Record<Side, number[]>;
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      bench.signal.throwIfAborted();
      bench.progress(`round ${round} of ${rounds}: ${name}`);
      numbers[name].push(await sides[name]());
    }
  }
  return numbers;
}
