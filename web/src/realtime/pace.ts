/** When to ping, and when to connect again. */

const MINUTE = 60_000;

/** API Gateway ends a connection after ten idle minutes. */
export const IDLE_PING = 5 * MINUTE;

/** While a call rings or runs: its line is held for 90 s after each. */
export const CALL_PING = 25_000;

/** A pong that takes longer will not come. */
export const PONG_WITHIN = 5_000;

/** A connection that is not ready by then is given up. */
export const READY_WITHIN = 10_000;

/** A frame without a reply is sent again after this, then after twice as long, and so on. */
export const RESEND_AFTER = 3_000;

/** Milliseconds to the next ping. */
export function nextPing(isInCall: boolean, random: number): number {
  return isInCall ? CALL_PING : IDLE_PING * (0.9 + 0.2 * random);
}

/** Milliseconds before try number `attempt` (from 0): full jitter, so that a crowd does not come back at once.
 *
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoff(attempt: number, random: number): number {
  return random * Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
}

/** Milliseconds until a connection that ends at `until` is replaced: 5 to 15 minutes before. */
export function replaceIn(until: number, serverNow: number, random: number): number {
  return Math.max(0, until - serverNow - (5 + 10 * random) * MINUTE);
}
