import { findCommandParameters } from './command-parameters.ts';
import { parseBoolean } from './function-options.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** Checks the `{name:Type}` parameters of a command: ClickHouse refuses them in a pool and in a shell line. */
export function checkParameters(source: FunctionSource): FunctionProblem[] {
  const command = source.options.get('command');
  const parameters = findCommandParameters(command?.text ?? '');
  const [first] = parameters;
  if (!command || !first) return [];
  const shown = `'{${first.name}:${first.type}}'`;
  const problems: FunctionProblem[] = [];
  if (source.options.get('type')?.text === 'executable_pool') {
    const remedy = "use type 'executable', an ordinary argument, or one function for each value";
    problems.push(
      problemIn(source, command, 'command', `a pool has no parameters, but the command has ${shown}`, remedy),
    );
  }
  if (parseBoolean(source.options.get('execute_direct')?.text ?? 'true') === false) {
    const message = `a shell line (execute_direct is off) has no parameters, but the command has ${shown}`;
    problems.push(
      problemIn(source, command, 'command', message, 'name a script directly, or use an ordinary argument'),
    );
  }
  const types = new Map<string, string>();
  for (const { name, type } of parameters) {
    const known = types.get(name);
    if (known !== undefined && known !== type) {
      const message = `parameter '${name}' is both ${known} and ${type}`;
      problems.push(problemIn(source, command, 'command', message, 'give it one type, or two names'));
    }
    types.set(name, known ?? type);
  }
  const repeated = parameters.find(({ name }, index) => parameters.findIndex((each) => each.name === name) < index);
  if (repeated && types.size > 1) {
    const message = `parameter '${repeated.name}' stands there twice beside others, and ClickHouse may then ask for it twice`;
    const problem = problemIn(source, command, 'command', message, 'use each parameter once');
    problems.push({ ...problem, severity: 'warning' });
  }
  return problems;
}
