import { functionOptions, parseUnsigned } from './function-options.ts';
import type { FunctionProblem } from './function-problem.ts';
import type { FunctionSource } from './function-source.ts';
import { problemIn } from './problem-in.ts';

/** The largest capacity of a pipe that ClickHouse passes on. */
const maxPipeBytes = 2_147_483_647;

/** Less than an interpreter needs to start; a value this small was probably meant in seconds. */
const shortMs = 1000;

/** Longer than anyone waits; a value this large was probably meant in milliseconds. */
const longS = 1000;

type Fault = Pick<FunctionProblem, 'severity' | 'message' | 'remedy'>;

/** What is wrong with a number that ClickHouse can read; `undefined` where nothing is. */
const judges: Readonly<Record<string, (value: number) => Fault | undefined>> = {
  command_read_timeout: (ms) => {
    const meaning = 'the longest silence of the script in milliseconds, its start included';
    if (ms === 0) return { severity: 'error', message: `0 is no time at all, for ${meaning}`, remedy: inMilliseconds };
    return ms < shortMs ? suspicious(`${ms} is ${ms / 1000} s, for ${meaning}`, inMilliseconds) : undefined;
  },
  command_write_timeout: (ms) => {
    const meaning = 'the longest time in milliseconds that the script leaves a full pipe unread';
    const consequence = 'ClickHouse then stops writing and waits for the rest of the answer until the read timeout';
    return ms < shortMs
      ? suspicious(`${ms} is ${ms / 1000} s, for ${meaning}; ${consequence}`, inMilliseconds)
      : undefined;
  },
  command_termination_timeout: (seconds) =>
    seconds >= longS
      ? suspicious(`${seconds} is in seconds: how long the script may take to end after its input has ended`, inSeconds)
      : undefined,
  max_command_execution_time: (seconds) => {
    const meaning = 'how long a call waits for a free process of the pool, in seconds';
    if (seconds === 0) return suspicious(`0 fails each call that finds no free process: it is ${meaning}`, inSeconds);
    return seconds >= 10 * longS ? suspicious(`${seconds} is ${meaning}`, inSeconds) : undefined;
  },
  command_pipe_capacity: (bytes) => {
    if (bytes <= maxPipeBytes) return undefined;
    const message = `${bytes} is more than the ${maxPipeBytes} bytes that ClickHouse takes, so that each call fails`;
    return { severity: 'error', message, remedy: 'write 1048576, the most that Linux gives without privileges' };
  },
};

const inMilliseconds = 'write milliseconds, such as 10000';
const inSeconds = 'write seconds, such as 10';

function suspicious(message: string, remedy: string): Fault {
  return { severity: 'warning', message, remedy };
}

/** Finds numbers that ClickHouse takes but that can hardly be meant, mostly because of their unit. */
export function checkLimits(source: FunctionSource): FunctionProblem[] {
  const problems: FunctionProblem[] = [];
  for (const [name, judge] of Object.entries(judges)) {
    const option = source.options.get(name);
    const value = parseUnsigned(option?.text ?? '');
    const isRead = !functionOptions[name]?.poolOnly || source.options.get('type')?.text === 'executable_pool';
    const fault = option && value !== undefined && isRead ? judge(value) : undefined;
    if (!option || !fault) continue;
    problems.push({ ...problemIn(source, option, name, fault.message, fault.remedy), severity: fault.severity });
  }
  return problems;
}
