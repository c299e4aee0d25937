import { describeUnreadableAnswer, reasonWords } from './describe-unreadable-answer.ts';

/** Only the end of what a script wrote to stderr is shown: an uncaught exception names its reason there. */
const shownStderrLines = 5;

interface Cause {
  name: string;
  groups: Record<string, string | undefined>;
}

/** One reason, in words, for each original error that ClickHouse gives for a function's script. */
const reasons: readonly { pattern: RegExp; say: (cause: Cause) => string }[] = [
  {
    // The lowest byte of ClickHouse's own number for a failed execv.
    pattern: /return code 88\b/,
    say: () =>
      `its script could not be started (exit code 88): its first line must be #! and the path of a program that is there; see embedhouse functions check`,
  },
  {
    pattern: /return code (?<exitCode>\d+)/,
    say: ({ groups }) => `its script ended with exit code ${groups['exitCode']}`,
  },
  {
    pattern: /(?:terminated by|killed by|was terminated)[^0-9]*signal (?<signal>\d+)/i,
    say: ({ groups }) => `its script was ended by signal ${groups['signal']}`,
  },
  {
    pattern: /Pipe read timeout exceeded (?<ms>\d+) milliseconds/,
    say: ({ name, groups }) =>
      `its script gave no answer, or too few rows, for ${groups['ms']} ms; flush stdout after each block, or raise <command_read_timeout> if it only needs longer: embedhouse functions test ${name} tells which`,
  },
  {
    pattern: /Pipe write timeout exceeded (?<ms>\d+) milliseconds/,
    say: ({ groups }) =>
      `its script read nothing for ${groups['ms']} ms; raise <command_write_timeout> if it only needs longer`,
  },
  {
    pattern: /wrong result, expected (?<expected>\d+) row\(s\), actual (?<actual>\d+)/,
    say: ({ groups }) =>
      `its script answered ${groups['actual']} rows to ${groups['expected']}; it must answer one for each`,
  },
  {
    pattern: /Broken pipe/,
    say: ({ name }) =>
      `its script had ended before it was asked; the next call starts it again, and if that fails too, embedhouse functions test ${name} shows why`,
  },
  {
    pattern: /Executable generates stderr/,
    say: () => 'its script wrote to stderr, which <stderr_reaction>throw</stderr_reaction> makes an error',
  },
  {
    pattern: /Could not get process from pool.* (?<seconds>\d+) seconds/,
    say: ({ groups }) =>
      `all processes of its pool were busy; raise <pool_size>, or <max_command_execution_time>, which is ${groups['seconds']} s`,
  },
  {
    pattern: /\(MEMORY_LIMIT_EXCEEDED\)/,
    say: ({ name }) =>
      `its script's answer takes more memory than the query may use; if it never ends, embedhouse functions test ${name} shows its beginning`,
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
  const reason = reasonOf(name, original);
  const said = lines.length === 0 ? '' : `: ${lines.slice(-shownStderrLines).join('\n')}`;
  return `function '${name}' failed: ${reason}${said} (script '${command}')`;
}

function reasonOf(name: string, original: string): string {
  for (const { pattern, say } of reasons) {
    const match = pattern.exec(original);
    if (match !== null) return say({ name, groups: match.groups ?? {} });
  }
  return describeUnreadableAnswer(original) ?? reasonWords(original);
}
