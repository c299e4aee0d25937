import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Engine } from './engine.ts';
import { QueryError } from './query-error.ts';

/**
 * Checks that SQL takes a name with arguments behind it for a call, and not for one of its own words; it must be an
 * identifier.
 *
 * @throws EmbedhouseError `USAGE` for such a word
 */
export async function requireCallable(engine: Engine, name: string): Promise<void> {
  try {
    await engine.run(`EXPLAIN AST SELECT ${name}(1), ${name}(1) = 1 FROM t WHERE ${name}(1)`);
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    const message = `'${name}' is a word of SQL, which cannot be called without backquotes; choose another name`;
    throw new EmbedhouseError('USAGE', message, { cause });
  }
}
