import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BlockFormat, type BlockColumn } from '../engine/block-format.ts';
import type { Engine } from '../engine/engine.ts';
import { QueryError } from '../engine/query-error.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { findScriptFault } from '../functions/check-script.ts';
import type { FunctionDefinition } from '../functions/function-definition.ts';
import { findLogLine } from '../script-test/find-log-line.ts';
import type { Finding } from '../script-test/judge-block.ts';
import { judgeScript } from '../script-test/judge-script.ts';
import { runScript } from '../script-test/run-script.ts';
import { scriptCommand } from '../script-test/script-command.ts';
import type { ScriptCommand } from '../script-test/script-process.ts';
import type { AnswerReader, Block, ScriptReport } from '../script-test/script-report.ts';
import { searchPath } from './open-checked-engine.ts';

export interface TestFunctionOptions {
  definition: FunctionDefinition;
  userScriptsPath: string;
  /** A TabSeparated file with a row of arguments each line. */
  rowsPath: string;
  /** How often the rows are sent. */
  repeat: number;
  /** The most that is waited for anything. */
  mostWaitMs: number;
  /** Values of the command's `{name:Type}`, as ClickHouse writes them. */
  parameters?: ReadonlyMap<string, string>;
  signal?: AbortSignal;
}

export interface FunctionTest {
  command: ScriptCommand;
  report: ScriptReport;
  findings: Finding[];
}

/** The most rows of a block that ClickHouse sends to a function. */
const blockRows = 65_409;

/**
 * Runs a function's script by itself, as ClickHouse would, with the engine to write and read its format.
 *
 * @throws USAGE when the rows are not of the function's arguments
 */
export async function testFunction(engine: Engine, options: TestFunctionOptions): Promise<FunctionTest> {
  const { definition, mostWaitMs } = options;
  const folder = await mkdtemp(join(tmpdir(), 'embedhouse-test-function-'));
  try {
    const format = new BlockFormat(engine, { folder, format: definition.format });
    const result = { name: definition.returnName, type: definition.returnType };
    const read: AnswerReader = async (bytes, isWhole) => format.read(bytes, result, isWhole);
    const command = scriptCommand(definition, options);
    const blocks = await writeBlocks(format, options);
    const fault = definition.executeDirect
      ? await findScriptFault(definition.command, { userScriptsPath: options.userScriptsPath, searchPath })
      : undefined;
    if (fault !== undefined) {
      const message = `ClickHouse cannot start it: ${fault.message}; ${fault.remedy}`;
      return { command, report: { blocks: [], ends: [] }, findings: [{ severity: 'error', message }] };
    }
    const report = await runScript({
      command,
      isPool: definition.type === 'executable_pool',
      blocks,
      read,
      readTimeoutMs: Math.min(definition.commandReadTimeoutMs, mostWaitMs),
      writeTimeoutMs: Math.min(definition.commandWriteTimeoutMs, mostWaitMs),
      terminationTimeoutMs: Math.min(definition.commandTerminationTimeoutS * 1000, mostWaitMs),
      stderrReaction: definition.stderrReaction,
      ...(options.signal && { signal: options.signal }),
    });
    for (const block of report.blocks) {
      if (block.outcome === 'answered') {
        Object.assign(block, await format.inspect(block.output, result));
      } else if (block.outcome === 'unreadable') {
        const logLine = await findLogLine(block.output, read);
        if (logLine !== undefined) block.answer = { ...block.answer, logLine };
      }
    }
    return { command, report, findings: judgeScript(report, { definition, mostWaitMs }) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeBlocks(
  format: BlockFormat,
  { definition, rowsPath, repeat }: TestFunctionOptions,
): Promise<Block[]> {
  const columns = definition.arguments.map(({ name, type }, index): BlockColumn => ({
    name: name ?? `c${index + 1}`,
    type,
  }));
  const total = await countRows(format, rowsPath, columns);
  const blocks: Block[] = [];
  for (let offset = 0; offset < total; offset += blockRows) {
    const rowCount = Math.min(blockRows, total - offset);
    const bytes = await format.write(rowsPath, columns, { offset, limit: rowCount });
    const header = definition.sendChunkHeader ? `${rowCount}\n` : '';
    blocks.push({ rowCount, bytes: Buffer.concat([Buffer.from(header), bytes]) });
  }
  return Array.from({ length: repeat }, () => blocks).flat();
}

async function countRows(format: BlockFormat, path: string, columns: readonly BlockColumn[]): Promise<number> {
  try {
    return await format.count(path, columns);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const list = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
    const message = `the rows cannot be read as the function's arguments (${list}): ${error.message}`;
    throw new EmbedhouseError('USAGE', message, { cause: error });
  }
}
