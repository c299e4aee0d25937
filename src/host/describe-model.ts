import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';

import { frameTypes } from '../bridge/embed.ts';
import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import type { ByteQueue } from '../formats/byte-queue.ts';
import { readTabSeparated } from '../formats/tab-separated.ts';
import { modelId } from '../models/model-digest.ts';
import { sendFrame } from './bridge-connection.ts';
import type { FunctionCall } from './function-call.ts';
import type { HostedModel } from './model-registry.ts';
import { showValue } from './show-value.ts';

/** What can be asked about the model of a function; `id` is all of it in one line, to be kept beside vectors. */
const fields = {
  id: ({ folder, dtype, digest }) => modelId(folder.name, dtype, digest),
  model: ({ folder }) => folder.name,
  dtype: ({ dtype }) => dtype,
  digest: ({ digest }) => digest,
  dimensions: ({ folder }) => String(folder.dimensions),
} as const satisfies Record<string, (model: Pick<HostedModel, 'folder'> & { dtype: string; digest: string }) => string>;

/**
 * Serves a function of `--input model`: each row names a field, and is answered with it. It takes an argument because
 * ClickHouse does not tell a function without any how many rows it wants.
 *
 * @throws USAGE if there is no such field, or the function is of another format than TabSeparated
 */
export async function describeModel(
  socket: Socket,
  bytes: ByteQueue,
  { format, chunkHeader, dtype }: FunctionCall,
  { folder, digest }: HostedModel,
): Promise<void> {
  if (format !== 'TabSeparated') {
    throw new EmbedhouseError('USAGE', `--input model is served in --format TabSeparated only, not in ${format}`);
  }
  const reader = readTabSeparated(bytes, { columns: 1, chunkHeader });
  const model = { folder, dtype, digest: await digest(dtype) };
  let receivedBytes = bytes.length;
  const answerRows = (): void => {
    const answers: string[] = [];
    for (let { value: step } = reader.next(); step.type !== 'needsMore'; { value: step } = reader.next()) {
      if (step.type === 'row') {
        answers.push(`${answerField(step.row[0] ?? Buffer.alloc(0), model)}\n`);
      }
    }
    sendFrame(socket, frameTypes.data, Buffer.from(answers.join('')));
    const answered = Buffer.alloc(8);
    answered.writeDoubleLE(receivedBytes - bytes.length);
    sendFrame(socket, frameTypes.answered, answered);
  };
  answerRows();
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    bytes.push(chunk);
    receivedBytes += chunk.length;
    answerRows();
  }
}

function answerField(field: Buffer, model: Parameters<typeof fields.id>[0]): string {
  const name = field.toString();
  if (name === '') {
    // ClickHouse itself calls functions on '' (LowCardinality's default): it is no error.
    return '';
  }
  const read = Object.entries(fields).find(([known]) => known === name)?.[1];
  if (read === undefined) {
    const known = Object.keys(fields).join(', ');
    throw new EmbedhouseError('USAGE', `${showValue(field)} is nothing that can be asked about a model: ${known}`);
  }
  return read(model);
}
