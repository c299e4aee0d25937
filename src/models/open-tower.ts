import { existsSync } from 'node:fs';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { Dtype } from './dtype.ts';
import { keepTower } from './keep-tower.ts';
import { type ModelFolder, type Tower, towerPath } from './model-folder.ts';
import { multipliesInt8Exactly } from './multiplies-int8-exactly.ts';
import { readOnnx } from './onnx-graph/read-onnx.ts';
import { serializeOnnx } from './onnx-graph/write-onnx.ts';
import { OnnxSession } from './onnx-session.ts';
import { chooseOutput, describeValues, type TowerOutput } from './tower-output.ts';

export interface TowerOptions {
  readonly dtype: Dtype;
  /** Threads that one run may use; over all open towers there should be no more than cores. */
  readonly threads: number;
  /** The tower's graph as `prepareGraph` wrote it; without it the one in the model's folder. */
  readonly preparedGraph?: string | undefined;
}

/** What a graph must take to serve as a tower. */
export interface TowerContract {
  readonly tower: Tower;
  readonly requiredInput: string;
  /** Gives the element types in which an input can be fed; undefined: there is nothing to feed it. */
  readonly inputTypes: (name: string) => readonly string[] | undefined;
}

/** A tower's session, and the output that its vectors are made of. */
export interface OpenedTower {
  readonly session: OnnxSession;
  readonly output: TowerOutput;
}

/**
 * Opens one tower's graph, chooses its output, and checks that its inputs are those of the contract.
 *
 * @throws MODEL_INVALID naming the inputs or outputs that the graph has instead.
 */
export async function openTower(
  folder: ModelFolder,
  options: TowerOptions,
  contract: TowerContract,
): Promise<OpenedTower> {
  if (options.dtype === 'int8-row' && !(await multipliesInt8Exactly())) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `the int8-row files of model '${folder.name}' need exact 8-bit products, which this processor does not give (x86 without VNNI); choose fp32 with --dtype in the function's <command>`,
    );
  }
  const session = await openSession(folder, options, contract.tower);
  try {
    const output = chooseOutput(folder, contract.tower, session.path, session.outputs);
    checkInputs(session, contract);
    return { session, output };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function openSession(
  folder: ModelFolder,
  { dtype, threads, preparedGraph }: TowerOptions,
  tower: Tower,
): Promise<OnnxSession> {
  const path = towerPath(folder, tower, dtype);
  // Somebody may have cleaned up.
  if (preparedGraph !== undefined && existsSync(preparedGraph)) {
    return OnnxSession.open(preparedGraph, { threads, isOptimized: true });
  }
  if (!holdsBothTowers(folder, dtype)) return OnnxSession.open(path, { threads });
  const model = keepTower(await readOnnx(path), folder, tower, dtype);
  return OnnxSession.open(path, { threads, bytes: serializeOnnx(model) });
}

function holdsBothTowers({ graphs }: ModelFolder, dtype: Dtype): boolean {
  const found = graphs.find((variant) => variant.dtype === dtype);
  return found?.text !== undefined && found.text === found.vision;
}

function checkInputs(session: OnnxSession, { requiredInput, inputTypes }: TowerContract): void {
  if (!session.inputs.some(({ name }) => name === requiredInput)) {
    throw mismatch(session, `has no input ${requiredInput} but ${describeValues(session.inputs)}`);
  }
  for (const { name, type } of session.inputs) {
    const known = inputTypes(name);
    if (known === undefined) throw mismatch(session, `wants an input ${name}, for which there is nothing to feed`);
    if (!known.includes(type)) {
      throw mismatch(session, `wants ${type} for its input ${name} where ${known.join(' or ')} was expected`);
    }
  }
}

function mismatch(session: OnnxSession, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_INVALID',
    `${session.path} ${what}; use an export as published for transformers.js, or another dtype`,
  );
}
