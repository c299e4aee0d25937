import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import type { Bench } from '../bench.ts';
import type { Figure, Measurement } from '../figure.ts';
import { interleave } from '../interleave.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { repositoryPath } from '../repository-path.ts';
import { ratios } from '../statistics.ts';
import { bulkQuery } from './bulk-query.ts';

/** The functions that are written in every way, trivial ones: what is measured is the way to the script and back. */
const tasks = [
  {
    name: 'length',
    argument: 'String',
    what: 'length of a text of about 40 characters',
    value: "concat('a photo of dog number ', toString(number), ' on a red sofa')",
  },
  { name: 'next', argument: 'UInt64', what: 'a number plus 1', value: 'number + 1000000' },
] as const;

const ways = {
  'kit, TabSeparated': { suffix: '.mjs', format: 'TabSeparated' },
  'kit, RowBinary': { suffix: '.mjs', format: 'RowBinary' },
  'kit, Native': { suffix: '.mjs', format: 'Native' },
  'Python, TabSeparated': { suffix: '.py', format: 'TabSeparated' },
  'Python, RowBinary': { suffix: '_row_binary.py', format: 'RowBinary' },
  'Python kit, RowBinary': { suffix: '_kit.py', format: 'RowBinary' },
  'awk, TabSeparated': { suffix: '.awk', format: 'TabSeparated' },
} as const;
type Way = keyof typeof ways;

/** Rows a second of trivial functions through SQL: by the kit, by plain scripts in Python and in awk. */
export const udfFigure: Figure = {
  name: 'udf',
  measure: async (bench) => {
    await install(bench);
    await using engine = await EngineProcess.open(bench);
    const measurements: Measurement[] = [];
    for (const task of tasks) measurements.push(...(await measureTask(bench, engine, task)));
    return measurements;
  },
};

async function measureTask(
  bench: Bench,
  engine: EngineProcess,
  { name, what, value }: (typeof tasks)[number],
): Promise<Measurement[]> {
  const { udfRows } = bench.settings;
  const table = `${name}_rows`;
  await engine.time(`CREATE TABLE ${table} ENGINE = Memory AS SELECT ${value} AS value FROM numbers(${udfRows})`);
  // One block at a time: a script has one process in every language.
  const measure = async (way: Way): Promise<number> => {
    const elapsedMs = await engine.time(`${bulkQuery(functionName(name, way), table)} SETTINGS max_threads = 1`);
    return (udfRows * 1000) / elapsedMs;
  };
  const sides = Object.fromEntries(
    Object.keys(ways).map((way) => [way, async () => measure(way as Way)]), // Object.keys forgets the names.
  ) as Record<Way, () => Promise<number>>;
  for (const side of Object.values(sides)) await side();
  const rates = await interleave(bench, sides);
  const compare = (way: Way, other: Way, target?: number): Measurement => ({
    what: `rows/s through SQL, ${what}: ${way}, over ${other}`,
    unit: 'x',
    samples: ratios(rates[way], rates[other]),
    ...(target !== undefined && { target: { atLeast: target } }),
    parts: { [`rows/s of ${way}`]: rates[way], [`rows/s of ${other}`]: rates[other] },
  });
  return [
    compare('kit, TabSeparated', 'Python, TabSeparated', 1),
    compare('kit, RowBinary', 'Python, RowBinary', 3),
    compare('kit, RowBinary', 'Python, TabSeparated'),
    compare('kit, TabSeparated', 'awk, TabSeparated'),
    compare('kit, RowBinary', 'awk, TabSeparated'),
    compare('kit, Native', 'kit, RowBinary'),
    compare('Python kit, RowBinary', 'Python, RowBinary'),
  ];
}

function functionName(task: string, way: Way): string {
  return `${task}_${way.replaceAll(/\W+/g, '_')}`;
}

async function install({ workspace, signal }: Bench): Promise<void> {
  const { functionsPath, userScriptsPath } = workspace;
  // The interpreter itself: a version manager would start it anew each time.
  const python = await execa('python3', ['-c', 'import sys; print(sys.executable)'], { cancelSignal: signal });
  await mkdir(join(userScriptsPath, 'node_modules'));
  await symlink(repositoryPath, join(userScriptsPath, 'node_modules/embedhouse'));
  await symlink(join(repositoryPath, 'user_scripts/embedhouse_udf.py'), join(userScriptsPath, 'embedhouse_udf.py'));
  const definitions: string[] = [];
  for (const { name, argument } of tasks) {
    for (const [way, { suffix, format }] of Object.entries(ways)) {
      const file = `${name}${suffix}`;
      const source = await readFile(join(repositoryPath, 'bench/udf-scripts', file), 'utf8');
      const path = join(userScriptsPath, file);
      await writeFile(path, suffix.endsWith('.py') ? `#!${python.stdout}\n${source}` : source);
      await chmod(path, 0o755);
      const isAwk = suffix === '.awk';
      // An awk keeps its answers back until its input ends: it is started for each block.
      definitions.push(`<function><type>${isAwk ? 'executable' : 'executable_pool'}</type>
  <name>${functionName(name, way as Way)}</name><argument><type>${argument}</type></argument><return_type>UInt64</return_type>
  <format>${format}</format><command>${file}${isAwk ? '' : ` ${format}`}</command>
  <send_chunk_header>${isAwk ? 0 : 1}</send_chunk_header><command_read_timeout>60000</command_read_timeout></function>`);
    }
  }
  await writeFile(join(functionsPath, 'udf_function.xml'), `<functions>${definitions.join('\n')}</functions>\n`);
}
