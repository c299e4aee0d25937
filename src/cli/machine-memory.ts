import { totalmem } from 'node:os';

/** The memory of the machine, or of the container, which may have less, in bytes. */
export function machineBytes(): number {
  const constrained = process.constrainedMemory();
  return Math.min(totalmem(), constrained > 0 ? constrained : Infinity);
}
