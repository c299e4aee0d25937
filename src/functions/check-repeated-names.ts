import { basename } from 'node:path';

import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** Reports each function whose name an earlier one has already, with both places. */
export function checkRepeatedNames(sources: readonly FunctionSource[]): FunctionProblem[] {
  const firstByName = new Map<string, FunctionSource>();
  const problems: FunctionProblem[] = [];
  for (const source of sources) {
    const name = source.name ?? '';
    if (name === '') continue;
    const first = firstByName.get(name);
    if (!first) {
      firstByName.set(name, source);
      continue;
    }
    const place = first.file === source.file ? `line ${first.line}` : `${basename(first.file)}:${first.line}`;
    const message = `function '${name}' is already defined in ${place}; ClickHouse loads only one of the two`;
    problems.push(
      problemIn(source, source.options.get('name') ?? source, 'name', message, 'rename or remove one of them'),
    );
  }
  return problems;
}
