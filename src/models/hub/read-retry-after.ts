/**
 * Reads how long a busy server asks to wait, in milliseconds: `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), or
 * the hub's `RateLimit: "api";r=0;t=55`, of which `t` is the seconds until there is room again. 0 when it does not say.
 */
export function readRetryAfterMs(headers: Headers, now: number = Date.now()): number {
  const retryAfter = headers.get('Retry-After');
  if (retryAfter !== null) {
    const waitMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - now;
    return Number.isNaN(waitMs) ? 0 : Math.max(waitMs, 0);
  }
  const seconds = /;\s*r=0\s*;\s*t=(?<seconds>\d+)/.exec(headers.get('RateLimit') ?? '')?.groups?.['seconds'];
  return Number(seconds ?? 0) * 1000;
}
