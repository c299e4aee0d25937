/** How many offsets of a zone are remembered: a day each. */
const rememberedOffsets = 10_000;
const slotMs = 15 * 60_000;

/** A time zone's clock: what ClickHouse's text formats show of an instant. */
export interface Clock {
  /** Gives the instant, in milliseconds since 1970, at which the clock shows a time given as if it were UTC. */
  toInstant(localMs: number): number;
  /** Gives the time that the clock shows at an instant, as if it were UTC. */
  toLocal(instantMs: number): number;
}

/** Opens the clock of an IANA time zone, or of this machine's. @throws RangeError for an unknown one */
export function openClock(zone: string | undefined): Clock {
  const formatter = new Intl.DateTimeFormat('en-US', {
    ...(zone !== undefined && { timeZone: zone }),
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formatter.resolvedOptions().timeZone === 'UTC') return { toInstant: (ms) => ms, toLocal: (ms) => ms };
  const offsets = new Map<number, number>();
  // Offsets change at full quarters of an hour.
  const offsetAt = (instantMs: number): number => {
    const slot = Math.floor(instantMs / slotMs);
    const known = offsets.get(slot);
    if (known !== undefined) return known;
    if (offsets.size >= rememberedOffsets) offsets.clear();
    const parts = new Map(formatter.formatToParts(slot * slotMs).map(({ type, value }) => [type, Number(value)]));
    const at = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const local = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
    const offset = local - slot * slotMs;
    offsets.set(slot, offset);
    return offset;
  };
  return {
    toLocal: (instantMs) => instantMs + offsetAt(instantMs),
    toInstant: (localMs) => {
      const guess = localMs - offsetAt(localMs);
      // An hour that the clock shows twice is taken as the first, as ClickHouse takes it.
      const earlier = localMs - offsetAt(guess - 3 * 3_600_000);
      return earlier + offsetAt(earlier) === localMs ? earlier : localMs - offsetAt(guess);
    },
  };
}
