import { type FileElement, renderFunctionFile } from '../render-function-file.ts';
import { type ScriptFunction, signatureOf } from './script-function.ts';

/** Writes the definition of a function that a script of its own answers, with a word on each option. */
export function renderDefinition(script: ScriptFunction): string {
  const { name, arguments: given, returns, type, format, chunkHeader } = script;
  const isPool = type === 'executable_pool';
  return renderFunctionFile(
    `${signatureOf(script)}. After a change, "embedhouse functions check" looks for faults, and "embedhouse functions test ${name} ..." runs the script by itself.`,
    [
      {
        name: 'type',
        content: type,
        comment: isPool
          ? 'A pool: its processes stay and answer block after block. With "executable" one is started for each block.'
          : 'A process for each block of rows, which ends with it. Those of an "executable_pool" stay, and save the start.',
      },
      { name: 'name', content: name },
      ...given.map((argument): FileElement => ({
        name: 'argument',
        content: [
          { name: 'type', content: argument.type.name },
          { name: 'name', content: argument.name },
        ],
      })),
      { name: 'return_type', content: returns.name },
      { name: 'format', content: format, comment: commentOnFormat(script) },
      {
        name: 'command',
        content: script.script,
        comment:
          'A file in the folder of scripts, executable, beginning with #!; words for it may follow, with a blank before each.',
      },
      {
        name: 'send_chunk_header',
        content: chunkHeader ? '1' : '0',
        comment: chunkHeader
          ? 'A line with the number of rows goes before each block, so that the kit knows where a block ends.'
          : '1 would send a line with the number of rows before each block, which the script would have to read.',
      },
      {
        name: 'deterministic',
        content: '0',
        comment: '1 if the same arguments always give the same result: the query cache may then keep it.',
      },
      ...(isPool ? poolOptions : []),
      {
        name: 'command_read_timeout',
        content: '10000',
        comment: 'Milliseconds of silence after which a call fails. The start of the script is silence.',
      },
      {
        name: 'stderr_reaction',
        content: 'log_last',
        comment: 'What the script last wrote to stderr goes into the exception of a call that fails.',
      },
    ],
  );
}

const poolOptions: readonly FileElement[] = [
  { name: 'pool_size', content: '4', comment: 'The most processes. They start when they are needed, and stay.' },
  {
    name: 'max_command_execution_time',
    content: '60',
    comment: 'Seconds that a call waits for a free process of the pool.',
  },
];

function commentOnFormat({ language, hasTypesInCode }: ScriptFunction): string {
  if (language === 'bash') return 'A line for each row, with a tab between arguments.';
  const where = hasTypesInCode ? 'The script names types and format too' : 'The script finds types and format here';
  return `${where}. RowBinary is the fastest; TabSeparated and JSONEachRow can be read, and Native has the types with it.`;
}
