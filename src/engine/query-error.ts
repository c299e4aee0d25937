import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { adviseOnVectors } from './advise-on-vectors.ts';
import { describeFunctionFailure } from './describe-function-failure.ts';

/** A failure that ClickHouse reported; `message` is its text without stack addresses and version. */
export class QueryError extends EmbedhouseError {
  /** ClickHouse's number, such as 62; 0 where its text has none. */
  readonly clickhouseCode: number;
  /** ClickHouse's name for the number, such as `SYNTAX_ERROR`. */
  readonly clickhouseName: string;

  constructor(message: string, failure: { clickhouseCode: number; clickhouseName: string }, options?: ErrorOptions) {
    super('QUERY_FAILED', message, options);
    this.clickhouseCode = failure.clickhouseCode;
    this.clickhouseName = failure.clickhouseName;
  }
}

const UDF_EXECUTION_FAILED = 754;

/** Whether an error is that a function's script failed. */
export const isFunctionFailure = (error: QueryError): boolean => error.clickhouseCode === UDF_EXECUTION_FAILED;

/**
 * Makes a `QueryError` of the text of a `DB::Exception`; the text itself stays as `cause`. `place` says which of
 * several statements failed, such as `statement 2 of 3`.
 */
export function queryErrorFrom(text: string, place?: string): QueryError {
  const cause = new Error(text);
  const whole = /^Code: (?<code>\d+)\. DB::Exception: (?<rest>.*)$/s.exec(text.trim())?.groups;
  if (whole === undefined)
    return new QueryError(text.trim(), { clickhouseCode: 0, clickhouseName: 'UNKNOWN' }, { cause });

  const failure = { clickhouseCode: Number(whole['code']), clickhouseName: 'UNKNOWN' };
  const withoutName = withoutStack(whole['rest'] ?? '').replace(
    /\s*\((?<name>[A-Z][A-Z0-9_]+)\)$/,
    (_, name: string) => {
      failure.clickhouseName = name;
      return '';
    },
  );
  if (failure.clickhouseCode === UDF_EXECUTION_FAILED) {
    return new QueryError(describeFunctionFailure(withoutName), failure, { cause });
  }
  const code = `code ${failure.clickhouseCode}, ${failure.clickhouseName}`;
  const message = `${adviseOnVectors(describeQuotedFailure(withoutName.trim()))} (${place === undefined ? code : `${code}; ${place}`})`;
  return new QueryError(message, failure, { cause });
}

/** Drops the stacks of addresses that nested exceptions bring along, and every `(version …)`. */
function withoutStack(text: string): string {
  return (
    text
      .replaceAll(/, Stack trace \(when copying this message.*?\):\n\n(?:\d+\. [^\n]*\n)*/gs, '')
      // A failed mutation has one without a heading.
      .replaceAll(/\s*\n\n(?:\d+\. [^\n]* @ 0x[0-9a-f]+\n)+\n*(?<end>\.(?= \())?/g, '$<end>')
      .replaceAll(/ ?\(version [^)]*\)/g, '')
      .trim()
  );
}

/** Says in words why a function failed in the background, for which ClickHouse quotes its own error. */
function describeQuotedFailure(text: string): string {
  return text.replace(
    /'Code: 754\. DB::Exception: (?<failure>User defined function .*\(UDF_EXECUTION_FAILED\))'/s,
    (_, failure: string) => describeFunctionFailure(failure),
  );
}
