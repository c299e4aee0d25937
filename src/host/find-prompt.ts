import { EmbedhouseError } from '../errors/embedhouse-error.ts';
import { type ModelFolder, textSpecOf } from '../models/model-folder.ts';

/**
 * Gives the prompt that goes before each text: that of the name, or the model's default one, or none.
 *
 * @throws USAGE when the model has no prompt of that name
 */
export function findPrompt(folder: ModelFolder, name: string | undefined): string {
  const { prompts, defaultPrompt } = textSpecOf(folder);
  const wanted = name ?? defaultPrompt;
  const prompt = wanted === undefined ? '' : ownValue(prompts, wanted);
  if (prompt !== undefined) {
    return prompt;
  }
  if (wanted === 'none') {
    return '';
  }
  const known = [...Object.keys(prompts), 'none'].join(', ');
  throw new EmbedhouseError(
    'USAGE',
    `model '${folder.name}' has no prompt '${wanted}', only ${known}: give one of these to --prompt`,
  );
}

/** Every object has more than its own: `constructor` is no prompt. */
function ownValue(prompts: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(prompts, name) ? prompts[name] : undefined;
}
