import { alike, call, callFails, json, one } from './option-row.ts';
import type { OptionRow } from './option-row.ts';

const big =
  "SELECT count() FROM (SELECT $f(concat(toString(number), repeat('x', 1000))) AS x FROM numbers(1000)) WHERE x != ''";
const busy = 'SELECT count($f(toString(number))) FROM numbers_mt(2) SETTINGS max_block_size = 1, max_threads = 2';

/** What each option does in functions of both types, as ClickHouse 26.7 was seen to do it. */
export const optionRows: readonly OptionRow[] = [
  one('type', 'executable', {
    behaviour: 'starts a process for each block',
    elements: { command: 'pid.sh' },
    steps: [{ sql: 'SELECT uniqExact($f(toString(number))) FROM numbers(4) SETTINGS max_block_size = 1', gives: '4' }],
  }),
  one('type', 'executable_pool', {
    behaviour: 'asks one process again and again',
    elements: { command: 'pid.sh' },
    steps: [
      {
        sql: 'SELECT uniqExact($f(toString(number))) FROM numbers(4) SETTINGS max_block_size = 1, max_threads = 1',
        gives: '1',
      },
    ],
  }),
  ...alike('name', {
    behaviour: 'is what SQL calls it, in this case only',
    elements: {},
    steps: [
      call('x'),
      { sql: "SELECT upper('$f'), upper('$f') != '$f'", gives: '$F\t1' },
      { sql: "SELECT $F('x')", fails: /does not exist/ },
    ],
  }),
  ...alike('command', {
    behaviour: 'is split at every blank, and quotes are part of words',
    elements: { command: 'words.sh "a b"  c' },
    steps: [call('["a][b"][][c]')],
    says: /knows no quotes/,
  }),
  one('command', 'executable', {
    behaviour: 'has parameters, whose texts the script gets in quotes',
    elements: { command: 'words.sh {text:String} n={n:UInt8}' },
    steps: [{ sql: "SELECT $f('a b', 7)('x')", gives: String.raw`[\'a b\'][n=7]` }],
  }),
  one('command', 'executable_pool', {
    behaviour: 'has no parameters',
    elements: { command: 'words.sh {n:UInt8}' },
    steps: [{ sql: "SELECT $f(7)('x')", fails: /does not exist/ }],
    says: /a pool has no parameters/,
  }),
  one('command', 'executable', {
    behaviour: 'asks twice for a parameter that stands there twice beside another',
    elements: { command: 'words.sh {a:String} {n:UInt8} {a:String}' },
    steps: [{ sql: "SELECT $f('a', 7)('x')", fails: /Expected 3\. Actual 2/ }],
    says: /ask for it twice/,
  }),
  ...alike('argument/name', {
    behaviour: 'is what formats with names call it',
    elements: json('result', 'text'),
    steps: [call('text')],
  }),
  ...alike('argument/name', {
    behaviour: 'is c1, c2 and so on in formats with names, if not given',
    elements: json('result'),
    steps: [call('c1')],
    says: /finds it under 'c1'/,
  }),
  ...alike('argument/type', {
    behaviour: 'says which values are taken, and others fail',
    elements: { argument: '<type>UInt8</type>' },
    steps: [
      { sql: 'SELECT $f(7)', gives: '7' },
      { sql: 'SELECT $f(300)', fails: /CANNOT_CONVERT_TYPE/ },
    ],
  }),
  ...alike('format', {
    behaviour: 'is the format of both directions',
    elements: { format: 'JSONEachRow', argument: '<type>String</type><name>result</name>' },
    steps: [call('x')],
  }),
  one('format', 'executable', {
    behaviour: 'may be one whose rows end only with the input, such as CSV',
    elements: { format: 'CSV' },
    steps: [call('x')],
  }),
  one('format', 'executable_pool', {
    behaviour: 'must not be one whose rows end only with the input, such as CSV',
    elements: { format: 'CSV', command_read_timeout: '1000' },
    steps: [callFails(/read timeout exceeded/)],
    says: /sees the end of an answer only by what follows/,
  }),
  ...alike('return_type', {
    behaviour: 'is the type of the result, whatever the argument is',
    elements: { return_type: 'Array(UInt16)' },
    steps: [{ sql: "SELECT toTypeName($f('[1, 2]')), $f('[1, 2]')", gives: 'Array(UInt16)\t[1,2]' }],
  }),
  ...alike('return_name', {
    behaviour: 'is the column that the script must answer in formats with names, result if not given',
    elements: { ...json('vector', 'text'), return_name: 'vector' },
    steps: [call('text')],
  }),
  ...alike('return_name', {
    behaviour: 'leaves the default value where the script answers under another name',
    elements: json('vector', 'text'),
    steps: [call('')],
  }),
  ...alike('execute_direct', {
    behaviour: 'turned off makes the command a line for sh',
    elements: { execute_direct: '0', command: 'cat | cat' },
    steps: [call('x')],
  }),
  ...alike('execute_direct', {
    behaviour: 'turned on leaves the signs of a shell to the script',
    elements: { command: 'words.sh | cat' },
    steps: [call('[|][cat]')],
    says: /no shell reads the command/,
  }),
  one('execute_direct', 'executable_pool', {
    behaviour: 'turned off needs programs that do not keep their answers, as sed does',
    elements: { execute_direct: '0', command: 'sed s/a/b/', command_read_timeout: '1000' },
    steps: [callFails(/read timeout exceeded/)],
    says: /keeps its answer until its input ends/,
  }),
  one('pool_size', 'executable', {
    behaviour: 'is passed over, whatever it says',
    elements: { pool_size: 'abc' },
    steps: [call('x')],
    says: /reads this only for type 'executable_pool'/,
  }),
  one('pool_size', 'executable_pool', {
    behaviour: 'is the largest number of processes',
    elements: { pool_size: '1', command: 'pid.sh' },
    steps: [
      {
        sql: 'SELECT uniqExact($f(toString(number))) FROM numbers_mt(8) SETTINGS max_block_size = 1, max_threads = 4',
        gives: '1',
      },
    ],
  }),
  one('max_command_execution_time', 'executable', {
    behaviour: 'is passed over, whatever it says',
    elements: { max_command_execution_time: 'abc' },
    steps: [call('x')],
    says: /reads this only for type 'executable_pool'/,
  }),
  one('max_command_execution_time', 'executable_pool', {
    behaviour: 'is the wait for a free process, and no limit on the work',
    elements: { max_command_execution_time: '0', pool_size: '1', command: 'slow.sh 0.5' },
    steps: [call('x'), { sql: busy, fails: /Could not get process from pool/ }],
    says: /fails each call that finds no free process/,
  }),
  one('max_command_execution_time', 'executable_pool', {
    behaviour: 'is ten times as long as it says up to 26.7',
    elements: { max_command_execution_time: '1', pool_size: '1', command: 'slow.sh 1.5' },
    steps: [{ sql: busy, gives: '2' }],
  }),
  one('command_termination_timeout', 'executable', {
    behaviour: 'is the time in seconds until SIGTERM, where the exit code is not waited for',
    elements: { command_termination_timeout: '1', check_exit_code: '0', command: 'lingers.sh $marker' },
    steps: [call('x'), { marker: 'TERM' }],
  }),
  one('command_termination_timeout', 'executable', {
    behaviour: 'is nothing where the exit code is waited for',
    elements: { command_termination_timeout: '0', command: 'ends-late.sh $marker' },
    steps: [call('x'), { marker: 'END' }],
  }),
  one('command_termination_timeout', 'executable_pool', {
    behaviour: 'is the time in seconds until SIGTERM, once the process is given up',
    elements: {
      command_termination_timeout: '1',
      command_read_timeout: '1000',
      check_exit_code: '0',
      command: 'lingers.sh $marker open',
    },
    steps: [call('x'), callFails(/read timeout/), { marker: 'TERM' }],
  }),
  ...alike('command_read_timeout', {
    behaviour: 'is the longest silence in milliseconds',
    elements: { command_read_timeout: '200', command: 'slow.sh 0.5' },
    steps: [callFails(/Pipe read timeout exceeded 200 milliseconds/)],
    says: /200 is 0\.2 s/,
  }),
  ...alike('command_read_timeout', {
    behaviour: 'of 0 fails at once',
    elements: { command_read_timeout: '0', command: 'slow.sh 0.5' },
    steps: [callFails(/Pipe read timeout exceeded 0 milliseconds/)],
    says: /0 is no time at all/,
  }),
  ...alike('command_write_timeout', {
    behaviour:
      'is how long a full pipe may stay unread; then the rest is not written and the read timeout ends the call',
    elements: {
      command_write_timeout: '200',
      command_read_timeout: '2000',
      command_termination_timeout: '0',
      check_exit_code: '0',
      command: 'reads-late.sh',
    },
    steps: [{ sql: big, fails: /Pipe read timeout exceeded 2000 milliseconds/ }],
    says: /200 is 0\.2 s/,
  }),
  ...alike('command_pipe_capacity', {
    behaviour: 'is the size of the pipes in bytes',
    elements: { command_pipe_capacity: '262144', command: 'pipe-size.py' },
    steps: [call('262144')],
    needs: 'python3',
  }),
  ...alike('command_pipe_capacity', {
    behaviour: 'fails the call where it is 2 GiB or more',
    elements: { command_pipe_capacity: '2147483648' },
    steps: [callFails(/Pipe capacity 2147483648 exceeds maximum/)],
    says: /more than the 2147483647 bytes/,
  }),
  ...alike('send_chunk_header', {
    behaviour: 'puts a line with the number of rows before each block',
    elements: { send_chunk_header: '1', command: 'count.sh' },
    steps: [{ sql: 'SELECT groupArray($f(toString(number))) FROM numbers(3)', gives: "['3','3','3']" }],
  }),
  ...alike('deterministic', {
    behaviour: 'lets the query cache keep results',
    elements: { deterministic: '1' },
    steps: [{ sql: "SELECT $f('x') SETTINGS use_query_cache = 1", gives: 'x' }],
  }),
  ...alike('deterministic', {
    behaviour: 'turned off makes the query cache refuse the query',
    elements: { deterministic: '0' },
    steps: [{ sql: "SELECT $f('x') SETTINGS use_query_cache = 1", fails: /QUERY_CACHE_USED_WITH_NONDETERMINISTIC/ }],
  }),
  ...alike('stderr_reaction', {
    behaviour: 'is log_last by default, and words on stderr fail nothing',
    elements: { command: 'warns.sh' },
    steps: [call('x')],
  }),
  ...alike('stderr_reaction', {
    behaviour: 'throw fails the call at the first word on stderr',
    elements: { stderr_reaction: 'throw', command: 'warns.sh' },
    steps: [callFails(/generates stderr: oops/)],
  }),
  one('stderr_reaction', 'executable', {
    behaviour: 'log_last puts the words into the exception of a call that fails',
    elements: { command: 'fails.sh' },
    steps: [callFails(/return code 3[\s\S]*oops/)],
  }),
  one('stderr_reaction', 'executable', {
    behaviour: 'none leaves them out',
    elements: { stderr_reaction: 'none', command: 'fails.sh' },
    steps: [callFails(/return code 3(?![\s\S]*oops)/)],
  }),
  one('check_exit_code', 'executable', {
    behaviour: 'fails a call whose script ends with another code than 0',
    elements: { command: 'exits-3.sh' },
    steps: [callFails(/return code 3/)],
  }),
  one('check_exit_code', 'executable', {
    behaviour: 'turned off takes the rows of a script that ends with another code than 0',
    elements: { check_exit_code: '0', command: 'exits-3.sh' },
    steps: [call('x')],
  }),
  one('check_exit_code', 'executable_pool', {
    behaviour: 'is looked at when a process has ended, and so in the next call',
    elements: { command: 'exits-3.sh' },
    steps: [call('x'), callFails(/return code 3|Broken pipe/)],
  }),
  ...alike('lifetime', {
    behaviour: 'is read, a number or min and max of seconds; only a server loads the definition again by itself',
    elements: { lifetime: '<min>5</min><max>7</max>' },
    steps: [call('x'), { sql: "SELECT lifetime FROM system.user_defined_functions WHERE name = '$f'", gives: '7' }],
  }),
  ...['use_shared_memory', 'shared_memory_size', 'shared_memory_max_size'].flatMap((option) =>
    alike(option, {
      behaviour: 'is passed over by 26.7',
      elements: { [option]: '1' },
      steps: [call('x')],
      says: /does not know this and ignores it/,
    }),
  ),
];
