import type { CatalogueEntry, Misbehaviour } from './misbehaviour.ts';

/** What misbehaves in both types of function alike. */
const both = (misbehaviour: Misbehaviour): Pick<CatalogueEntry, 'executable' | 'pool'> => ({
  executable: misbehaviour,
  pool: misbehaviour,
});

const answers = ['0', '1', '2'];
const content = { sql: answers };

const failed = (why: string): RegExp => new RegExp(`^function '\\w+' failed: ${why}.* \\(script '[^']+'\\)$`, 's');
const timedOut = failed(
  String.raw`its script gave no answer, or too few rows, for \d+ ms; flush stdout after each block`,
);
const hadEnded = failed(
  String.raw`its script (had ended before it was asked|answered 0 rows to 3|ended with exit code \d)`,
);
// Whether ClickHouse notices as it writes or as it reads is a race.
const notStarted = failed(
  String.raw`its script (could not be started \(exit code 88\): its first line must be #!|had ended before)`,
);
const answered4 = failed('its script answered 4 rows to 3; it must answer one for each');
const unreadable = (why: string): Misbehaviour => ({ sql: failed(why), errors: [new RegExp(`^${why}`)] });
const endedWith = (end: string, rows: number): RegExp =>
  new RegExp(String.raw`^ended \(${end}\) after it had answered ${rows} of 3 rows`);
const wrote4 = /^wrote 1 row too many \(4 for 3\)/;
const didNotExit = /^did not exit within 1 s after EOF .*: ClickHouse then ends it with SIGTERM/;
const silent = (answered: string): RegExp =>
  new RegExp(String.raw`^answered ${answered}, then was silent for \d+ ms \(<command_read_timeout>\)$`);
const outputStaysOpen = (why: string): RegExp =>
  new RegExp(`^answered every row, but ${why}: ClickHouse waits for the end of its output, and gives up after`);
const nextQueryFails = (end: string): RegExp =>
  new RegExp(String.raw`^ended \(${end}\) after block 1, while its input was open: the next query that gets it fails`);

/** Every way to misbehave, by what a script does first, then, last. */
export const catalogue: readonly CatalogueEntry[] = [
  { name: 'answers', ...both(content) },
  ...['raises', 'raises_in_node'].map((name): CatalogueEntry => {
    const raised: Misbehaviour = {
      sql: failed(String.raw`its script ended with exit code 1: .*Error: cannot handle '2'`),
      errors: [endedWith('exit code 1', 2)],
    };
    return { name, executable: raised, pool: raised };
  }),
  {
    name: 'says_why',
    ...both({
      sql: /^function 'says_why' cannot take this: it only complains; use another function$|had ended before/,
      errors: [endedWith('exit code 1', 0)],
    }),
  },
  {
    name: 'exits_0_early',
    ...both({
      sql: failed('its script answered 1 rows to 3; it must answer one for each'),
      errors: [endedWith('exit code 0', 1)],
    }),
  },
  {
    name: 'exits_0_unread',
    ...both({ sql: hadEnded, errors: [endedWith('exit code 0', 0)] }),
  },
  {
    name: 'exits_3_after_rows',
    executable: {
      sql: failed('its script ended with exit code 3: the model is gone'),
      errors: [/^answered every row, then ended with exit code 3, which fails the query/],
    },
    pool: { sql: answers, next: hadEnded, errors: [nextQueryFails('exit code 3')] },
  },
  {
    name: 'killed_by_signal',
    ...both({ sql: failed('its script was ended by signal 9'), errors: [endedWith('signal SIGKILL', 1)] }),
  },
  {
    name: 'has_no_shebang',
    ...both({ sql: notStarted, errors: [/^ClickHouse cannot start it: .* does not begin with '#!'/] }),
  },
  ...['hangs_before_reading', 'hangs_after_reading', 'starts_slowly'].map((name): CatalogueEntry => ({
    name,
    ...both({ sql: timedOut, errors: [silent('nothing')], notes: [didNotExit] }),
  })),
  {
    name: 'reads_nothing_of_much',
    argumentLength: 100_000,
    ...both({
      sql: failed(String.raw`its script (gave no answer, or too few rows,|read nothing) for \d+ ms`),
      errors: [/^read nothing for 1000 ms \(<command_write_timeout>\)|^answered 1 of 3 rows, then was silent/],
      notes: [didNotExit],
    }),
  },
  { name: 'reads_slowly', ...both(content) },
  {
    name: 'hangs_after_rows',
    executable: { sql: timedOut, errors: [outputStaysOpen('did not end with its input')], notes: [didNotExit] },
    pool: { sql: answers, next: answers, errors: [didNotExit] },
  },
  {
    name: 'ignores_sigterm',
    executable: {
      sql: timedOut,
      errors: [outputStaysOpen('did not end with its input')],
      notes: [/ignores the SIGTERM/],
    },
    pool: {
      sql: answers,
      next: answers,
      errors: [/ignores the SIGTERM that ClickHouse then sends, and stays for ever/],
    },
  },
  {
    name: 'forks_pipe_holder',
    executable: {
      sql: timedOut,
      errors: [outputStaysOpen('left a process that keeps its output open')],
      notes: [/^left a process running/],
    },
    pool: { sql: answers, next: answers, errors: [/^left a process running when it had ended/] },
  },
  {
    name: 'forgets_to_flush',
    executable: content,
    pool: { sql: timedOut, errors: [/^kept its answer until its input ended: flush after each chunk$/] },
  },
  {
    name: 'keeps_a_row_for_later',
    executable: content,
    pool: { sql: timedOut, errors: [/^answered 2 of 3 rows, then waited for more input: flush after each chunk$/] },
  },
  {
    name: 'omits_line_end',
    executable: content,
    pool: { sql: timedOut, errors: [/^answered 2 of 3 rows, and the last without its end/] },
  },
  {
    name: 'one_row_short',
    executable: {
      sql: failed('its script answered 2 rows to 3; it must answer one for each'),
      errors: [endedWith('exit code 0', 2)],
    },
    pool: { sql: timedOut, errors: [silent('2 of 3 rows')] },
  },
  {
    name: 'one_row_too_many',
    executable: { sql: answered4, errors: [wrote4] },
    // ClickHouse cannot know: what is left may be the next answer's beginning.
    pool: { sql: ['0', '0', '1'], errors: [wrote4] },
  },
  {
    name: 'writes_stdout_late',
    executable: { sql: answered4, errors: [wrote4] },
    pool: {
      sql: answers,
      next: ['late', '0', '1'],
      errors: [/^(printed 5 bytes after its answer|wrote 1 row too many \(4 for 3\)): the next query takes/],
    },
  },
  {
    name: 'takes_header_for_row',
    executable: {
      sql: answered4,
      errors: [
        /^wrote 1 row too many \(4 for 3\); the line with the number of rows \(<send_chunk_header>\) is no row$/,
      ],
    },
    pool: { sql: ['3', '0', '1'], errors: [wrote4] },
  },
  {
    name: 'reads_beyond_header',
    executable: { sql: answered4, errors: [wrote4] },
    pool: { sql: timedOut, errors: [/flush after each chunk, and read no more rows than the line before them says/] },
  },
  {
    name: 'never_stops_printing',
    executable: {
      sql: failed("its script's answer takes more memory than the query may use"),
      errors: [/^printed more than \d+ rows for 3, and goes on/],
      notes: [didNotExit],
    },
    pool: { sql: ['1', '1', '1'], errors: [/^printed more than \d+ rows for 3, and goes on/], notes: [didNotExit] },
  },
  {
    name: 'prints_garbage',
    ...both(
      unreadable(
        String.raw`its answer for row 1, "n", is not a Float32 \(Cannot parse NaN\); only answers belong on its stdout`,
      ),
    ),
  },
  {
    name: 'logs_to_stdout',
    ...both({
      sql: failed('its answer for row 1, "Loading mo", is not a Float32 .*logs on stderr'),
      errors: [/^printed a log line to stdout: "Loading model v2"/],
    }),
  },
  { name: 'adds_a_column', ...both(unreadable('its answer for row 1, "0", is followed by another column')) },
  {
    name: 'prints_text_for_native',
    executable: {
      sql: failed('its answer is cut short, or not in its <format>'),
      errors: [/^its answer is cut short, or not in its <format>/],
    },
    pool: { sql: timedOut, errors: [/^its answer is cut short, or not in its <format> .*; then it was silent/] },
  },
  { name: 'cuts_a_row', ...both(unreadable('its answer for row 1 is cut short, or not in its <format>')) },
  {
    name: 'misnames_column',
    ...both({ sql: ['', '', ''], errors: [/it is called answer, and result is expected/] }),
  },
  {
    name: 'answers_null',
    ...both({ sql: ['0', '0', '0'], errors: [/a NULL for a Float32$/] }),
  },
  {
    name: 'gives_nan',
    ...both({ sql: ['0', '1', 'nan'], notes: [/^1 of 3 answers: NaN or infinite$/] }),
  },
  {
    name: 'prints_invalid_utf8',
    ...both({ sql: ['caf\uFFFD', 'caf\uFFFD', 'caf\uFFFD'], notes: [/^3 of 3 answers: no valid UTF-8$/] }),
  },
  {
    name: 'gives_wrong_length',
    expression: (call) => `cosineDistance(${call}, [1, 2]::Array(Float32))`,
    ...both({ sql: /equal sizes.*vectors must be as long/s, notes: [/^its vectors have 2 to 3 elements/] }),
  },
  {
    name: 'gives_50_mb',
    rows: 1,
    expression: (call) => `length(${call})`,
    executable: { sql: ['50000000'] },
    pool: { sql: ['50000000'], next: ['50000000'] },
  },
  { name: 'floods_stderr', ...both(content) },
  {
    name: 'floods_unread_stderr',
    ...both({ sql: timedOut, errors: [/^filled stderr, which ClickHouse does not read/] }),
  },
  {
    name: 'writes_stderr_late',
    executable: {
      sql: failed(
        'its script wrote to stderr, which <stderr_reaction>throw</stderr_reaction> makes an error: late complaint',
      ),
      errors: [/^wrote to stderr, which <stderr_reaction>throw/],
    },
    pool: {
      sql: answers,
      next: failed(
        'its script wrote to stderr, which <stderr_reaction>throw</stderr_reaction> makes an error: late complaint',
      ),
      errors: [/^wrote to stderr( after its answer: .* the next query fails for it$|, which)/],
    },
  },
  {
    name: 'dies_idle',
    executable: content,
    pool: {
      sql: answers,
      next: hadEnded,
      errors: [
        /^ended \(exit code 0\) after (block 1, while its input was open: the next query|it had answered 0 of 3)/,
      ],
    },
  },
  {
    name: 'dies_at_second_block',
    executable: content,
    pool: {
      sql: answers,
      next: failed('its script ended with exit code 1: out of memory'),
      errors: [endedWith('exit code 1', 0)],
    },
  },
];
