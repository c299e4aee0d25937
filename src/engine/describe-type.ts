import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Engine } from './engine.ts';
import { QueryError } from './query-error.ts';
import { quoteString } from './quote-string.ts';

/** A type as ClickHouse writes it, in one line, and its default value in TabSeparated. */
export interface TypeDescription {
  name: string;
  defaultText: string;
}

/** Asks ClickHouse about a type. @throws EmbedhouseError `USAGE` for one of which it cannot make values */
export async function describeType(engine: Engine, type: string): Promise<TypeDescription> {
  const sql = `SELECT toTypeName(x) AS name, formatRowNoNewline('TabSeparated', x) AS defaultText
    FROM (SELECT defaultValueOfTypeName(${quoteString(type)}) AS x)`;
  try {
    const [row = { name: type, defaultText: '' }] = await engine.rows<TypeDescription>(sql);
    // Elements with names stand in lines of their own.
    return { ...row, name: row.name.replaceAll(/(?<comma>,?)\n\s+/g, (_, comma: string) => (comma ? ', ' : '')) };
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    const reason = cause.message.replace(/(?:: In scope [^]*)? \(code \d+, \w+\)$/, '');
    throw new EmbedhouseError('USAGE', `ClickHouse does not take the type '${type}': ${reason}`, { cause });
  }
}
