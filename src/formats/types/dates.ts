import type { NumberScalar } from './scalar.ts';
import { unexpected } from './value-error.ts';

const dayMs = 86_400_000;

/** Gives `2024-01-31` for a number of days since 1970. */
function toDay(days: number): string {
  return new Date(days * dayMs).toISOString().slice(0, 10);
}

function day(name: string, layout: 'UInt16' | 'Int32', lowest: number, highest: number): NumberScalar {
  const toRaw = (value: unknown): number => {
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) {
      const days = Date.parse(value) / dayMs;
      // Date.parse takes 2024-02-30 for March 1st.
      if (days >= lowest && days <= highest && toDay(days) === value) return days;
    }
    throw unexpected(`${name} (a text from '${toDay(lowest)}' to '${toDay(highest)}')`, value);
  };
  const format = (value: unknown): string => toDay(toRaw(value));
  return { name, layout, isQuoted: true, fromRaw: toDay, toRaw, parse: (text) => text, format };
}

/** `Date`: text such as `'2024-01-31'`, and not a `Date`, which would be an instant in some time zone. */
export const date = day('Date', 'UInt16', 0, 65_535);

/** `Date32`: the same, from 1900 to 2299. */
export const date32 = day('Date32', 'Int32', -25_567, 120_529);
