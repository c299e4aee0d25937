import { InvalidArgumentError } from 'commander';

/** Reads `name=value` of an option that may be given several times, beside those that were read before. */
export function addParam(assignment: string, params: Readonly<Record<string, string>> = {}): Record<string, string> {
  const equals = assignment.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('expected name=value');
  return { ...params, [assignment.slice(0, equals)]: assignment.slice(equals + 1) };
}
