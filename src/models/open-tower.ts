import { existsSync } from 'node:fs';

import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { type ModelFolder, towerPath } from './model-folder.ts';
import { multipliesInt8Exactly } from './multiplies-int8-exactly.ts';
import { type GraphValue, OnnxSession } from './onnx-session.ts';
import type { Dtype } from './dtype.ts';

export interface TowerOptions {
  readonly dtype: Dtype;
  /** Threads that one run may use; over all open towers there should be no more than cores. */
  readonly threads: number;
  /** The tower's graph as `prepareGraph` wrote it; without it the one in the model's folder. */
  readonly preparedGraph?: string | undefined;
}

/** What a graph must take and give to serve as a tower. */
export interface TowerContract {
  readonly tower: 'text' | 'vision';
  readonly output: string;
  readonly requiredInput: string;
  /** All inputs that can be fed, with the element type of each. */
  readonly inputTypes: Readonly<Record<string, string>>;
}

/**
 * Opens one tower's graph and checks that its inputs and outputs are those of the contract.
 *
 * @throws MODEL_INVALID naming the inputs or outputs that the graph has instead.
 */
export async function openTower(
  folder: ModelFolder,
  { dtype, threads, preparedGraph }: TowerOptions,
  contract: TowerContract,
): Promise<OnnxSession> {
  if (dtype === 'int8-row' && !(await multipliesInt8Exactly())) {
    throw new EmbedhouseError(
      'MODEL_INVALID',
      `the int8-row files of model '${folder.name}' need exact 8-bit products, which this processor does not give (x86 without VNNI); choose fp32 with --dtype in the function's <command>`,
    );
  }
  // Somebody may have cleaned up.
  const isOptimized = preparedGraph !== undefined && existsSync(preparedGraph);
  const path = isOptimized ? preparedGraph : towerPath(folder, contract.tower, dtype);
  const session = await OnnxSession.open(path, { threads, isOptimized });
  try {
    checkContract(session, contract);
  } catch (error) {
    await session.close();
    throw error;
  }
  return session;
}

function checkContract(session: OnnxSession, { output, requiredInput, inputTypes }: TowerContract): void {
  if (!session.outputs.some(({ name }) => name === output)) {
    throw mismatch(session, `has no output ${output} but ${describeValues(session.outputs)}`);
  }
  if (!session.inputs.some(({ name }) => name === requiredInput)) {
    throw mismatch(session, `has no input ${requiredInput} but ${describeValues(session.inputs)}`);
  }
  for (const { name, type } of session.inputs) {
    const known = inputTypes[name];
    if (known === undefined) throw mismatch(session, `wants an input ${name} that a CLIP tower does not have`);
    if (known !== type) throw mismatch(session, `wants ${type} for its input ${name} where ${known} was expected`);
  }
}

function mismatch(session: OnnxSession, what: string): EmbedhouseError {
  return new EmbedhouseError(
    'MODEL_INVALID',
    `${session.path} ${what}; use an export with separate towers as published for transformers.js, or another dtype`,
  );
}

function describeValues(values: readonly GraphValue[]): string {
  return values.map(({ name, type }) => `${name} (${type})`).join(', ');
}
