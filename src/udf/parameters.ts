import { textCodec } from '../formats/rows/text-codec.ts';
import { TextSource } from '../formats/rows/text-source.ts';
import { readDataType } from '../formats/types/data-type.ts';
import { describeFailure } from './failure.ts';
import { ownSignature } from './serve-options.ts';

/**
 * Gives the values of the `{name:Type}` in the function's `<command>`, as `f(value)(argument)` passed them: the process
 * was started for them alone. Ends the process with a message if the definition cannot be read.
 */
export function parameters(options: { function?: string } = {}): Record<string, unknown> {
  try {
    const signature = ownSignature(options.function);
    return Object.fromEntries(
      signature.parameters.map(({ name, type, place }) => {
        const text = process.argv[place + 2] ?? '';
        return [name, textCodec(readDataType(type)).parseInside(new TextSource(text))];
      }),
    );
  } catch (error) {
    process.stderr.write(
      `embedhouse: ${describeFailure(options.function ?? process.argv[1] ?? '?', error, undefined)}\n`,
    );
    return process.exit(1);
  }
}
