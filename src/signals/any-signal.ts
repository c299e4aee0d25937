/** Which signals a combined one comes from, for as long as anything holds that one. */
const sources = new WeakMap<AbortSignal, readonly AbortSignal[]>();

/**
 * Combines signals as AbortSignal.any does, and keeps them alive: Node's own holds them weakly, so that a timeout which
 * nothing else holds is collected and never fires (https://github.com/nodejs/node/issues/57736).
 */
export function anySignal(...signals: readonly AbortSignal[]): AbortSignal {
  const combined = AbortSignal.any([...signals]);
  sources.set(combined, signals);
  return combined;
}
