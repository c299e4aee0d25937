/** Only the end of what a script wrote to stderr is shown: an uncaught exception names its reason there. */
const shownStderrLines = 5;

/** One reason, in words, for each original error that ClickHouse gives for a function's script. */
const reasons: readonly { pattern: RegExp; say: (groups: Record<string, string | undefined>) => string }[] = [
  {
    pattern: /return code (?<exitCode>\d+)/,
    say: ({ exitCode }) => `its script ended with exit code ${exitCode}`,
  },
  {
    pattern: /(?:terminated by|killed by|was terminated)[^0-9]*signal (?<signal>\d+)/i,
    say: ({ signal }) => `its script was ended by signal ${signal}`,
  },
  {
    pattern: /Pipe read timeout exceeded (?<ms>\d+) milliseconds/,
    say: ({ ms }) =>
      `its script gave no answer, or too few rows, for ${ms} ms; raise <command_read_timeout> if it only needs longer`,
  },
  {
    pattern: /Pipe write timeout exceeded (?<ms>\d+) milliseconds/,
    say: ({ ms }) => `its script read nothing for ${ms} ms; raise <command_write_timeout> if it only needs longer`,
  },
  {
    pattern: /wrong result, expected (?<expected>\d+) row\(s\), actual (?<actual>\d+)/,
    say: ({ expected, actual }) => `its script answered ${actual} rows to ${expected}; it must answer one for each`,
  },
  {
    pattern: /Broken pipe/,
    say: () => 'its script had ended before it was asked (the next call starts it again)',
  },
];

/**
 * Says in one sentence why a function's script failed, from the text of ClickHouse's UDF_EXECUTION_FAILED. A line of
 * the script's stderr that begins with `embedhouse: ` is a whole sentence for the user, and then the only one.
 */
export function describeFunctionFailure(text: string): string {
  const stderr = /[Ss]tderr: (?<stderr>.*)\. \([A-Z][A-Z0-9_]+\)(?:[:.,\s]|$)/s.exec(text)?.groups?.['stderr'] ?? '';
  const lines = stderr
    .split('\n')
    .flatMap((line) => (line.trim() === '' || line.trim() === '.' ? [] : [line.trimEnd()]));
  const ours = lines.find((line) => line.startsWith('embedhouse: '));
  if (ours !== undefined) return ours.slice('embedhouse: '.length);

  const head = /^User defined function '(?<name>[^']*)' failed\. Command: '(?<command>.*?)', Arguments: /s.exec(text);
  const name = head?.groups?.['name'] ?? '?';
  const command = head?.groups?.['command'] ?? '?';
  const original = /Original error: Code: \d+\. DB::Exception: (?<words>.*)$/s.exec(text)?.groups?.['words'] ?? text;
  const reason = reasonOf(original);
  const said = lines.length === 0 ? '' : `: ${lines.slice(-shownStderrLines).join('\n')}`;
  return `function '${name}' failed: ${reason}${said} (script '${command}')`;
}

function reasonOf(original: string): string {
  for (const { pattern, say } of reasons) {
    const match = pattern.exec(original);
    if (match !== null) return say(match.groups ?? {});
  }
  const parsed = /parsed text: (?<parsed>"[^"]*")/.exec(original)?.groups?.['parsed'];
  const row = /\(at row (?<row>\d+)\)/.exec(original)?.groups?.['row'];
  const type = /type: (?<type>[^,]+), parsed text/.exec(original)?.groups?.['type'];
  const words = (original.split('\n')[0] ?? '').replace(/: While executing .*$/, '').replace(/:? \(at row \d+\)$/, '');
  if (type === undefined) return words.trim();
  return `its script's answer for row ${row ?? '?'}, ${parsed ?? 'unreadable'}, is not a ${type} (${words.trim()})`;
}
