import { drawTable } from './draw-table.ts';
import type { Outcome } from './outcome.ts';
import type { Results } from './write-json.ts';

/** Above this, figures are called disturbed: a twentieth of two cores. */
const mostOtherCores = 0.1;

/** Prints the table to stdout, and below it what the figures depend on. */
export function printReport({ outcomes, machine, captions, settings, elapsedS }: Results): void {
  const { processor, cores, instructions, system, versions } = machine;
  const lines = [
    drawTable(outcomes),
    `${processor}, ${cores} cores (${instructions.join(' ')}), ${system}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
    `caption lengths: ${captions}`,
    describeOtherLoad(outcomes),
    `${settings.name} run of ${elapsedS} s; ratios are computed round by round, medians with quartiles; see bench/README.md`,
  ];
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

function describeOtherLoad(outcomes: readonly Outcome[]): string {
  const disturbed = new Map(
    outcomes
      .filter(({ otherLoad }) => otherLoad > mostOtherCores)
      .map(({ figure, otherLoad }) => [figure, otherLoad] as const),
  );
  if (disturbed.size === 0) return 'nothing else kept the machine busy';
  const loads = [...disturbed].map(([figure, cores]) => `${figure} ${cores.toFixed(2)}`).join(', ');
  return `not to be relied on, others kept cores busy meanwhile: ${loads}`;
}
