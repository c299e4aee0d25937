import { join } from 'node:path';

import { EmbedhouseError } from '../../errors/embedhouse-error.ts';

/** Makes the error that names the file and the field of a model folder that cannot be used. */
export function invalidField(folderPath: string, file: string, problem: string): EmbedhouseError {
  return new EmbedhouseError('MODEL_INVALID', `${join(folderPath, file)}: ${problem}`);
}
