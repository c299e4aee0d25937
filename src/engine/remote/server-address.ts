import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** Where a ClickHouse server is, and as whom it is used. */
export interface ServerAddress {
  /** Scheme, host and port, as in `http://host:8123`: what may be shown. */
  origin: string;
  user: string;
  password: string;
  database: string | undefined;
  /** ClickHouse's settings for every request. */
  settings: Record<string, string>;
}

const expected = 'expected one such as http://user@host:8123/database';

/**
 * Reads `http[s]://[user[:password]@]host[:port][/database][?setting=value&…]`. `password` counts where the URL has none.
 *
 * @throws EmbedhouseError `USAGE`, without what may be a password
 */
export function parseServerAddress(text: string, password = ''): ServerAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
    // Where there is a user, what cannot be read may hold a password.
    const shown = text.includes('@') ? '' : ` '${text}'`;
    throw new EmbedhouseError('USAGE', `the address of the server${shown} is no URL of http or https: ${expected}`);
  }
  const [database, ...rest] = url.pathname.split('/').slice(1);
  if (rest.length > 0) {
    const message = `the path of ${url.origin}${url.pathname} is more than the name of a database: ${expected}`;
    throw new EmbedhouseError('USAGE', message);
  }
  return {
    origin: url.origin,
    user: decode(url.username) || 'default',
    password: decode(url.password) || password,
    database: decode(database ?? '') || undefined,
    settings: Object.fromEntries(url.searchParams),
  };
}

/** What names the address's database in a request. */
export const databaseParameter = ({ database }: ServerAddress): Record<string, string> =>
  database === undefined ? {} : { database };

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    const message = `a % in the address of the server is not followed by two digits: write %25 for a percent sign`;
    throw new EmbedhouseError('USAGE', message);
  }
}
