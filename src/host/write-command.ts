import type { FunctionCall } from './function-call.ts';

/** What a function of one model chooses; the rest is the same for all of them. */
export type HostedChoices = Pick<
  FunctionCall,
  'functionName' | 'model' | 'dtype' | 'normalize' | 'prompt' | 'onError'
> & {
  input: Exclude<FunctionCall['input'], 'model'>;
};

/**
 * Writes the `<command>` that `readFunctionCall` reads as these choices; what is the host's default is left out. ClickHouse
 * takes a command apart at blanks, and knows no quotes: see `isCommandWord`.
 */
export function writeCommand(choices: HostedChoices): string {
  const { functionName, input, model, dtype, normalize, prompt, onError } = choices;
  return [
    `embed ${functionName} --input ${input} --format Native --chunk-header --model ${model}`,
    ...(dtype === 'fp32' ? [] : [`--dtype ${dtype}`]),
    ...(normalize ? ['--normalize'] : []),
    ...(prompt === undefined ? [] : [`--prompt ${prompt}`]),
    ...(onError === 'fail' ? [] : [`--on-error ${onError}`]),
  ].join(' ');
}

/** Whether a value can stand in a `<command>`: no blank or control character, no braces (ClickHouse's parameters), no dash first. */
export function isCommandWord(value: string): boolean {
  return /^[^\s\p{C}{}-][^\s\p{C}{}]*$/u.test(value);
}
