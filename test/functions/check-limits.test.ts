import { expect, test } from 'vitest';

import { checkElements } from './check-one.ts';

const pool = { type: 'executable_pool' };

async function findings(elements: Record<string, string>): Promise<string[]> {
  const problems = await checkElements(elements);
  return problems.map(({ severity, line, element, message }) => `${severity} ${line} ${element}: ${message}`);
}

test.for([
  ['command_read_timeout', '10', 'warning 8 command_read_timeout: 10 is 0.01 s, for the longest silence'],
  ['command_read_timeout', '0', 'error 8 command_read_timeout: 0 is no time at all'],
  ['command_write_timeout', '10', 'warning 8 command_write_timeout: 10 is 0.01 s'],
  ['command_termination_timeout', '10000', 'warning 8 command_termination_timeout: 10000 is in seconds'],
  ['command_pipe_capacity', '4000000000', 'error 8 command_pipe_capacity: 4000000000 is more'],
  ['use_shared_memory', '1', 'warning 8 use_shared_memory: ClickHouse up to 26.7 does not know this'],
] as const)('finds %s of %s suspicious', async ([option, value, finding]) => {
  expect(await findings({ [option]: value })).toEqual([expect.stringContaining(finding)]);
});

test('finds the wait for a process suspicious where it is none, or that of milliseconds', async () => {
  expect(await findings({ ...pool, max_command_execution_time: '0' })).toEqual([
    expect.stringContaining('0 fails each call that finds no free process'),
  ]);
  expect(await findings({ ...pool, max_command_execution_time: '10000' })).toEqual([
    expect.stringContaining('10000 is how long a call waits for a free process of the pool, in seconds'),
  ]);
});

test('finds nothing in values that people choose', async () => {
  const sound = {
    command_read_timeout: '1000000',
    command_write_timeout: '1000',
    command_termination_timeout: '60',
    max_command_execution_time: '1000',
    pool_size: '0',
    command_pipe_capacity: '1048576',
  };
  expect(await findings({ ...pool, ...sound })).toEqual([]);
});

test('names the unit where a number is none', async () => {
  const problems = await checkElements({ command_read_timeout: '10s', command_termination_timeout: '1.5' });
  expect(problems.map(({ remedy }) => remedy)).toEqual([
    'write digits only, which count milliseconds, without blanks or a unit',
    'write digits only, which count seconds, without blanks or a unit',
  ]);
});
