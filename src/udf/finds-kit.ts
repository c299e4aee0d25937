import { createRequire } from 'node:module';

/** Whether Node finds the kit for JavaScript from a script, which need not be there; links are not followed. */
export function findsKit(scriptPath: string): boolean {
  try {
    createRequire(scriptPath).resolve('embedhouse/udf');
    return true;
  } catch {
    return false;
  }
}
