import { didYouMean } from './closest-name.ts';
import type { EngineVocabulary, VocabularyName } from './engine-vocabulary.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { excerpt } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** Checks the format, and that the name is not one of ClickHouse's own functions. */
export function checkVocabulary(source: FunctionSource, { formats, functions }: EngineVocabulary): FunctionProblem[] {
  const problems: FunctionProblem[] = [];
  const format = source.options.get('format');
  const formatName = format?.text ?? '';
  if (format && formatName.trim() !== '' && !hasName(formats, formatName)) {
    const message = `'${excerpt(formatName)}' is not a format that ClickHouse both reads and writes`;
    const remedy = didYouMean(formatName, formats) || 'use TabSeparated, JSONEachRow, RowBinary or Native';
    problems.push(problemIn(source, format, 'format', message, remedy));
  }
  const name = source.options.get('name');
  const own = findOwnFunction(name?.text ?? '', functions);
  if (name && own) {
    const message =
      own.name === name.text
        ? `ClickHouse has a function '${own.name}' of its own and does not load this one`
        : `'${name.text}' hides ClickHouse's own function '${own.name}', which may be written in any case`;
    problems.push(problemIn(source, name, 'name', message, 'choose another name'));
  }
  return problems;
}

/** Finds the function of ClickHouse's own that a name stands for, if there is one. */
export function findOwnFunction(name: string, functions: readonly VocabularyName[]): VocabularyName | undefined {
  return functions.find(
    (known) => known.name === name || (known.caseInsensitive && known.name.toLowerCase() === name.toLowerCase()),
  );
}

function hasName(names: readonly string[], wanted: string): boolean {
  return names.some((name) => name.toLowerCase() === wanted.toLowerCase());
}
