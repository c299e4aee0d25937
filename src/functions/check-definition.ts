import { checkFormat } from './check-format.ts';
import { checkLimits } from './check-limits.ts';
import { checkParameters } from './check-parameters.ts';
import { checkTypes } from './check-types.ts';
import { checkVocabulary } from './check-vocabulary.ts';
import type { EngineVocabulary } from './engine-vocabulary.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';

/** Checks what a definition says of itself, without the script that it names. */
export function checkDefinition(source: FunctionSource, vocabulary: EngineVocabulary | undefined): FunctionProblem[] {
  return [
    ...checkParameters(source),
    ...checkLimits(source),
    ...checkFormat(source),
    ...checkTypes(source, vocabulary?.types),
    ...(vocabulary ? checkVocabulary(source, vocabulary) : []),
  ];
}
