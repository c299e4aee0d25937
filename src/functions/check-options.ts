import { didYouMean } from './closest-name.ts';
import { functionOptions, parseBoolean, parseUnsigned } from './function-options.ts';
import { showElement } from './function-file-name.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource, SourceOption } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { isIdentifier } from './is-identifier.ts';
import { problemIn } from './problem-in.ts';

/** Checks that a function has what ClickHouse requires, and that each option's value is one that ClickHouse can read. */
export function checkOptions(source: FunctionSource): FunctionProblem[] {
  const problems = Object.entries(functionOptions).flatMap(([name, { required }]) => {
    const option = source.options.get(name);
    if (option) return checkOption(source, name, option);
    return required ? missing(source, name) : [];
  });
  return [...problems, ...checkName(source)];
}

function missing(source: FunctionSource, option: string): FunctionProblem {
  const consequence = option === 'name' ? '; ClickHouse then ignores every function of the file' : '';
  return problemIn(
    source,
    source,
    option,
    `the element is missing${consequence}`,
    `add ${showElement(source.file, option)} to the function`,
  );
}

function checkOption(source: FunctionSource, name: string, option: SourceOption): FunctionProblem[] {
  const { kind, required, poolOnly, ignoredUpTo } = functionOptions[name] ?? { kind: 'text' };
  const { text } = option;
  if (text === undefined) {
    const message = 'the value comes from outside the file, so it is not checked';
    const problem = problemIn(source, option, name, message, 'look at it where it is set');
    return [{ ...problem, severity: 'note' }];
  }
  if (poolOnly && source.options.get('type')?.text === 'executable') {
    const message = "ClickHouse reads this only for type 'executable_pool'";
    const problem = problemIn(source, option, name, message, 'remove it or change the type');
    return [{ ...problem, severity: 'note' }];
  }
  if (ignoredUpTo !== undefined) {
    const message = `ClickHouse up to ${ignoredUpTo} does not know this and ignores it`;
    const problem = problemIn(source, option, name, message, 'remove it, unless the server is a later one that does');
    return [{ ...problem, severity: 'warning' }];
  }
  if (required && text.trim() === '') {
    const remedy = `give it the function's ${name.replaceAll('_', ' ')}`;
    return [problemIn(source, option, name, 'the element is empty', remedy)];
  }
  if (kind === 'unsigned') return checkUnsigned(source, name, option, text);
  if (kind === 'seconds-range') return checkRange(source, name, option);
  if (kind === 'boolean') return checkBoolean(source, name, option, text);
  return typeof kind === 'string' ? [] : checkChoice(source, name, option, text, kind);
}

function checkBoolean(source: FunctionSource, name: string, option: SourceOption, text: string): FunctionProblem[] {
  if (parseBoolean(text) !== undefined) return [];
  return [problemIn(source, option, name, `'${excerpt(text)}' is not a boolean`, 'write true or false')];
}

function checkUnsigned(source: FunctionSource, name: string, option: SourceOption, text: string): FunctionProblem[] {
  if (parseUnsigned(text) !== undefined) return [];
  const unit = functionOptions[name]?.unit ?? (name === 'min' || name === 'max' ? 'seconds' : undefined);
  const message = `'${excerpt(text)}' is not a whole number`;
  const digits = unit === undefined ? 'digits only' : `digits only, which count ${unit}`;
  return [problemIn(source, option, name, message, `write ${digits}, without blanks or a unit`)];
}

function checkRange(source: FunctionSource, name: string, option: SourceOption): FunctionProblem[] {
  const bounds = option.element.children.filter((child) => child.name === 'min' || child.name === 'max');
  if (bounds.length === 0) return checkUnsigned(source, name, option, option.text ?? '');
  const problems = bounds.flatMap((bound) =>
    checkUnsigned(source, bound.name, { ...option, ...bound, element: bound }, bound.text),
  );
  for (const wanted of ['min', 'max']) {
    if (bounds.some((bound) => bound.name === wanted)) continue;
    const [min, max, missing] = ['min', 'max', wanted].map((each) => showElement(source.file, each));
    problems.push(
      problemIn(source, option, name, `${missing} is missing`, `give both ${min} and ${max}, or one number of seconds`),
    );
  }
  return problems;
}

function checkChoice(
  source: FunctionSource,
  name: string,
  option: SourceOption,
  text: string,
  choices: readonly string[],
): FunctionProblem[] {
  // ClickHouse compares the reaction without regard to case, the type as it stands.
  const value = name === 'stderr_reaction' ? text.toLowerCase() : text;
  if (choices.includes(value)) return [];
  const remedy = didYouMean(text, choices) || `write ${choices.map((choice) => `'${choice}'`).join(' or ')}`;
  return [problemIn(source, option, name, `'${excerpt(text)}' is not one of ${choices.join(', ')}`, remedy)];
}

function checkName(source: FunctionSource): FunctionProblem[] {
  const option = source.options.get('name');
  const name = option?.text ?? '';
  if (!option || name.trim() === '' || isIdentifier(name)) return [];
  const message = `'${excerpt(name)}' is not an identifier, so SQL can call it only in backquotes`;
  const problem = problemIn(source, option, 'name', message, 'use letters, digits and _ only, no blanks');
  return [name === name.trim() ? { ...problem, severity: 'note' } : problem];
}
