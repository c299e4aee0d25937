import { randomUUID } from 'node:crypto';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';
import { QueryError } from '../query-error.ts';
import { notClickHouse, shorten } from './describe-failure.ts';
import { databaseParameter, type ServerAddress } from './server-address.ts';
import { readText, type ServerClient } from './server-client.ts';

/** What was asked of a server once, when the engine was opened. */
export interface OpenedServer {
  version: string;
  /** How the engine's session is named in a request. */
  session: Readonly<Record<string, string>>;
  /** For requests whose result is a stream. */
  resultParameters: Readonly<Record<string, string>>;
  /** For requests whose result is rows of JSON. */
  rowParameters: Readonly<Record<string, string>>;
  /** For an INSERT with data. */
  insertParameters: Readonly<Record<string, string>>;
}

const openTimeoutMs = 10_000;
/** ClickHouse's largest where it was not changed (`max_session_timeout`); without a word a session is lost after 60 s. */
const sessionSeconds = 3600;
const INVALID_SESSION_TIMEOUT = 374;
/** The oldest that the official client is tested with, and the first with vector indexes as they are now. */
const oldest = { major: 24, minor: 8 };

/** Up to this size in ClickHouse's memory an insert is one block, and is there as a whole or not at all. */
const insertBlockBytes = 1024 ** 3;

/** Settings that the engine needs. Those that a server has already, or does not know, are not sent: some may not. */
const wanted = {
  // Otherwise a failure in the middle is written as JSON where the format is, and looks like a row.
  results: { http_write_exception_in_output_format: '0' },
  rows: { output_format_json_quote_64bit_integers: '0' },
  inserts: {
    async_insert: '0',
    min_insert_block_size_rows: '0',
    min_insert_block_size_bytes: String(insertBlockBytes),
    use_strict_insert_block_limits: '0',
  },
};
const wantedNames = Object.values(wanted).flatMap((settings) => Object.keys(settings));

interface FirstRow {
  version: string;
  names: string[];
  values: string[];
}

/**
 * Begins a session on a server and asks what it is.
 *
 * @throws EmbedhouseError `SERVER_UNREACHABLE`, `SERVER_REFUSED`, `SERVER_UNSUITABLE`; QueryError when the database is not
 *   there
 */
export async function openServer(client: ServerClient, address: ServerAddress): Promise<OpenedServer> {
  const session = { session_id: `embedhouse-${randomUUID()}` };
  const timeout = { session_timeout: String(sessionSeconds) };
  try {
    return await askServer(client, address, { ...session, ...timeout });
  } catch (error) {
    if (!(error instanceof QueryError) || error.clickhouseCode !== INVALID_SESSION_TIMEOUT) throw error;
    return askServer(client, address, session);
  }
}

async function askServer(
  client: ServerClient,
  address: ServerAddress,
  session: Record<string, string>,
): Promise<OpenedServer> {
  const names = wantedNames.map((name) => `'${name}'`).join(', ');
  const statement = `SELECT version() AS version, groupArray(name) AS names, groupArray(value) AS values FROM system.settings WHERE name IN (${names})`;
  const answer = await client.send({
    statement,
    parameters: { ...session, ...databaseParameter(address), default_format: 'JSONEachRow' },
    queryId: randomUUID(),
    signal: AbortSignal.timeout(openTimeoutMs),
  });
  const { version, names: known, values } = parseFirstRow(await readText(answer.chunks), address);
  refuseOld(version, address);
  const now = new Map(known.map((name, index) => [name, values[index]]));
  const changes = (settings: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(settings).filter(([name, value]) => now.has(name) && now.get(name) !== value));
  // A server that does not mark a failure in the middle sends nothing before it knows that there is none.
  const marking = answer.hasExceptionTag ? {} : { wait_end_of_query: '1' };
  const resultParameters = { ...changes(wanted.results), ...marking };
  return {
    version,
    session,
    resultParameters,
    rowParameters: { ...resultParameters, ...changes(wanted.rows), default_format: 'JSONEachRow' },
    insertParameters: changes(wanted.inserts),
  };
}

function parseFirstRow(line: string, address: ServerAddress): FirstRow {
  try {
    // The one row that the statement asks for, if it is ClickHouse that answers.
    return JSON.parse(line) as FirstRow;
  } catch {
    throw notClickHouse(address, `it says: ${shorten(line)}`);
  }
}

function refuseOld(version: string, { origin }: ServerAddress): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return;
  const message = `the server at ${origin} is ClickHouse ${version}: expected ${oldest.major}.${oldest.minor} or newer; use another server`;
  throw new EmbedhouseError('SERVER_UNSUITABLE', message);
}
