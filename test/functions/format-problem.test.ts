import { expect, test } from 'vitest';

import { formatProblem } from '../../src/functions/format-problem.ts';
import type { FunctionProblem } from '../../src/functions/function-problem.ts';

const problem: FunctionProblem = {
  severity: 'error',
  file: '/home/functions/x_function.xml',
  line: 12,
  column: 5,
  element: 'format',
  functionName: 'x',
  message: "'RowBinry' is not a format",
  remedy: "did you mean 'RowBinary'?",
};

test('writes place, element, fault and remedy in one line', () => {
  expect(formatProblem(problem)).toBe(
    "/home/functions/x_function.xml:12:5: <format>: 'RowBinry' is not a format; did you mean 'RowBinary'?",
  );
});

test('shows the path from a folder', () => {
  expect(formatProblem(problem, { relativeTo: '/home' })).toMatch(/^functions\/x_function\.xml:12:5: /);
});

test('marks a note, and leaves out the element where the file itself is meant', () => {
  expect(formatProblem({ ...problem, severity: 'note', element: '' })).toBe(
    "/home/functions/x_function.xml:12:5: note: 'RowBinry' is not a format; did you mean 'RowBinary'?",
  );
});

test('names a key as YAML writes it, and marks a warning', () => {
  const inYaml: FunctionProblem = { ...problem, severity: 'warning', file: '/home/functions/x_function.yaml' };
  expect(formatProblem(inYaml)).toBe(
    "/home/functions/x_function.yaml:12:5: warning: format: 'RowBinry' is not a format; did you mean 'RowBinary'?",
  );
});
