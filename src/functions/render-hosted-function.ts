import { renderFunctionFile } from './render-function-file.ts';

/** What tells one function that runs a hosted model from another. */
export interface HostedFunction {
  readonly name: string;
  /** What it does, for the comment at the file's head. */
  readonly description: string;
  /** What its argument, a `String`, is called. */
  readonly argument: string;
  /** What starts the bridge, with `--format Native --chunk-header`. */
  readonly command: string;
  /** Whether the same value always has the same vector, which is not so of the path of a file that can change. */
  readonly isDeterministic: boolean;
}

/** Writes the file of a function that runs a hosted model; pool and time limits are those of the shipped ones. */
export function renderHostedFunction(hosted: HostedFunction): string {
  const { name, description, argument, command, isDeterministic } = hosted;
  return renderFunctionFile(description, [
    {
      name: 'type',
      content: 'executable_pool',
      comment: 'A pool: its processes only copy bytes to the model host, so that many of them cost little.',
    },
    { name: 'name', content: name },
    {
      name: 'argument',
      content: [
        { name: 'type', content: 'String' },
        { name: 'name', content: argument },
      ],
    },
    { name: 'return_type', content: 'Array(Float32)' },
    { name: 'format', content: 'Native' },
    {
      name: 'command',
      content: command,
      comment: 'The model is named, so that vectors of different models never mix.',
    },
    { name: 'execute_direct', content: '1' },
    { name: 'send_chunk_header', content: '1' },
    {
      name: 'deterministic',
      content: isDeterministic ? '1' : '0',
      comment: isDeterministic
        ? 'The same value always has the same vector: the query cache may keep results.'
        : 'The file behind a path can change: the query cache must not keep results.',
    },
    { name: 'pool_size', content: '64' },
    {
      name: 'command_read_timeout',
      content: '600000',
      comment:
        'Milliseconds without a byte: loading a large model is silence, and so is waiting behind the bulk work of others.',
    },
    { name: 'command_write_timeout', content: '600000' },
    { name: 'max_command_execution_time', content: '600', comment: 'Seconds to wait for a free process of the pool.' },
    {
      name: 'stderr_reaction',
      content: 'log_last',
      comment: "The host's reason for a failure goes into the exception.",
    },
    { name: 'check_exit_code', content: '1' },
  ]);
}
