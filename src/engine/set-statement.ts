import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { quoteString } from './quote-string.ts';

const controls: Record<string, string> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' };

/**
 * Gives each value's text as ClickHouse reads it, under its parameter's name in settings and requests, `param_<name>`.
 * Values are in the notation of clickhouse-client's `--param_<name>`: a text as in TabSeparated (`\t` is a tab), an
 * array as `['a','b']`. A real tab or newline in a text, which ClickHouse would take for the end of the value, is
 * escaped.
 *
 * @throws EmbedhouseError `USAGE` for a name that SQL could not name
 */
export function parameterTexts(params: Readonly<Record<string, string>>): [name: string, text: string][] {
  return Object.entries(params).map(([name, value]) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      throw new EmbedhouseError('USAGE', `parameter name '${name}' is not one: give letters, digits and _, as in n=5`);
    }
    const isComposite = /^\s*[[({]/.test(value);
    const text = isComposite ? value : value.replaceAll(/[\t\n\r\0]/g, (character) => controls[character] ?? character);
    return [`param_${name}`, text];
  });
}

/**
 * Writes `SET param_…` for the values, or nothing where there are none.
 *
 * @throws EmbedhouseError `USAGE` for a name that SQL could not name
 */
export function setParameters(params: Readonly<Record<string, string>>): string | undefined {
  const settings = parameterTexts(params).map(([name, text]) => `${name} = ${quoteString(text)}`);
  return settings.length === 0 ? undefined : `SET ${settings.join(', ')}`;
}

/** Marks the session's next statements so that another session finds them in `system.processes`. */
export const setTag = (tag: string): string => `SET log_comment = ${quoteString(tag)}`;

/** The condition under which a row of `system.processes` is a statement marked with `tag`. */
export const hasTag = (tag: string): string => `Settings['log_comment'] = ${quoteString(tag)}`;
