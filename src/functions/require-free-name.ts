import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findOwnFunction } from './check-vocabulary.ts';
import type { EngineVocabulary } from './engine-vocabulary.ts';
import { isIdentifier } from './is-identifier.ts';
import { readFunctionSources } from './read-definitions.ts';

export interface NameUse {
  /** Folder of the function files, which may not exist yet. */
  readonly functionsPath: string;
  readonly vocabulary: Pick<EngineVocabulary, 'functions'>;
}

/**
 * Checks that a new function can have the name.
 *
 * @throws USAGE when the name is no identifier, or one of ClickHouse's own functions or of the function files has it.
 */
export async function requireFreeName(name: string, { functionsPath, vocabulary }: NameUse): Promise<void> {
  if (!isIdentifier(name)) {
    throw new EmbedhouseError(
      'USAGE',
      `'${name}' cannot be the name of a function, which begins with a letter or _ and has letters, digits and _ only; choose another name`,
    );
  }
  const own = findOwnFunction(name, vocabulary.functions);
  if (own) {
    const hint = own.name === name ? '' : ', which may be written in any case';
    throw new EmbedhouseError(
      'USAGE',
      `ClickHouse has a function '${own.name}' of its own${hint}, so that none can be called '${name}'; choose another name`,
    );
  }
  const { sources } = await readFunctionSources(functionsPath);
  const taken = sources.find((source) => source.name === name);
  if (taken) {
    throw new EmbedhouseError(
      'USAGE',
      `function '${name}' is already defined in ${taken.file}:${taken.line}; choose another name, or remove that one first`,
    );
  }
}
