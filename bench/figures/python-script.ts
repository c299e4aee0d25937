import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { execa } from 'execa';

import type { Bench } from '../bench.ts';
import type { Figure } from '../figure.ts';
import { defineScript, scriptFile, scriptFunction } from '../functions.ts';
import { interleave } from '../interleave.ts';
import { EngineProcess } from '../processes/engine-process.ts';
import { ModelHost } from '../processes/model-host.ts';
import { repositoryPath } from '../repository-path.ts';
import { ratios } from '../statistics.ts';
import { bulkQuery, warmUp } from './bulk-query.ts';

const what =
  'texts/s through SQL, fp32, over a Python script as ClickHouse documents it (PyTorch, row by row, 77 tokens)';

/** The way of ClickHouse's LAION-400M page under the same engine: no target, a report. */
export const pythonFigure: Figure = {
  name: 'python',
  measure: async (bench) => {
    const python = await findPython(bench);
    if ('missing' in python) return [{ what, skipped: python.missing }];
    await installScript(bench, python.path);

    const { bulkTexts, pythonTexts } = bench.settings;
    const values = bench.captions.write(bulkTexts / 2).map(({ text }) => text);
    await using _host = await ModelHost.start(bench, { cacheMib: 0 });
    await using engine = await EngineProcess.open(bench);
    await engine.createTable('captions', values);
    await engine.createTable('few_captions', values.slice(0, pythonTexts));
    await warmUp(engine, 'encode_text', values.slice(0, 300));
    await warmUp(engine, scriptFunction, values.slice(0, 5));
    const { sql, script } = await interleave(bench, {
      sql: async () => (values.length * 1000) / (await engine.time(bulkQuery('encode_text', 'captions'))),
      script: async () => (pythonTexts * 1000) / (await engine.time(bulkQuery(scriptFunction, 'few_captions'))),
    });
    return [
      {
        what,
        unit: 'x',
        samples: ratios(sql, script),
        parts: { 'texts/s through SQL': sql, 'texts/s of the script': script },
        notes: [`PyTorch ${python.version}, random weights of the same shapes, started and loaded before`],
      },
    ];
  },
};

async function findPython(bench: Bench): Promise<{ path: string; version: string } | { missing: string }> {
  const python = process.env['EMBEDHOUSE_BENCH_PYTHON'] ?? 'python3';
  const code = 'import sys, torch; print(sys.executable); print(torch.__version__)';
  const { exitCode, stdout } = await execa(python, ['-c', code], {
    reject: false,
    stderr: 'ignore',
    cancelSignal: bench.signal,
  });
  const [path, version] = stdout.split('\n');
  if (exitCode === 0 && path !== undefined && version !== undefined) return { path, version };
  return { missing: `${python} has no PyTorch; name one that has with EMBEDHOUSE_BENCH_PYTHON` };
}

async function installScript(bench: Bench, python: string): Promise<void> {
  const { functionsPath, userScriptsPath } = bench.workspace;
  const source = await readFile(join(repositoryPath, 'bench', scriptFile), 'utf8');
  const path = join(userScriptsPath, scriptFile);
  await writeFile(path, `#!${python}\n${source}`);
  await chmod(path, 0o755);
  await writeFile(join(functionsPath, `${scriptFunction}_function.xml`), defineScript());
}
