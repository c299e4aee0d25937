import type { ByteQueue } from '../byte-queue.ts';
import type { Reading, ReaderPlace } from './batch.ts';

/** Waits where the input may end: before a block, or before a row of blocks without a known size. */
export function* waitForByte(bytes: ByteQueue, place: ReaderPlace): Reading<void> {
  place.isInside = false;
  while (bytes.length === 0) yield { type: 'needsMore' };
  place.isInside = true;
}
