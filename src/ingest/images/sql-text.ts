import { quoteString } from '../../engine/quote-string.ts';

/** ClickHouse parses statements of up to 256 KiB (`max_query_size`); a path can have 4 KiB. */
const maxListBytes = 128 * 1024;

/** Lists strings for IN (…), in as many lists as keep a statement short. */
export function inLists(texts: Iterable<string>): string[] {
  const lists: string[] = [];
  let list: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const literal = quoteString(text);
    bytes += Buffer.byteLength(literal) + 1;
    if (bytes > maxListBytes && list.length > 0) {
      lists.push(list.join(','));
      list = [];
      bytes = Buffer.byteLength(literal) + 1;
    }
    list.push(literal);
  }
  return list.length > 0 ? [...lists, list.join(',')] : lists;
}
