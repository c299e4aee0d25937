import { relative } from 'node:path';

import { isYaml } from './function-file-name.ts';
import type { FunctionProblem } from './function-problem.ts';

/**
 * Writes a problem as one line for a terminal: `functions/x_function.xml:12:5: <format>: 'RowBinry' is not a format
 * that ClickHouse both reads and writes; did you mean 'RowBinary'?`. With `relativeTo` the path is shown from that folder.
 */
export function formatProblem(problem: FunctionProblem, { relativeTo }: { relativeTo?: string } = {}): string {
  const { severity, element, message, remedy, line, column } = problem;
  const file = relativeTo === undefined ? problem.file : relative(relativeTo, problem.file);
  const rank = severity === 'error' ? '' : `${severity}: `;
  const where = element === '' ? '' : `${isYaml(file) ? element : `<${element}>`}: `;
  return `${file}:${line}:${column}: ${rank}${where}${message}; ${remedy}`;
}
