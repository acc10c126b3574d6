/** Which messages came already. */

/** How far a message's clock may be from the server's, either way. */
export const MOST_APART_MS = 5 * 60 * 1000;
/** A message that is forgotten here is too old to be believed a second time. */
const KEPT_MS = 2 * MOST_APART_MS;

/** Numbers of messages by call and sending device, for as long as the page lives. */
export class Replays {
  readonly #seen = new Map<string, { last: number; seqs: Set<number> }>();

  /** Take a number for a message; false where another has it. */
  claim(call: string, deviceId: string, seq: number, now: number): boolean {
    this.#forget(now);
    const key = JSON.stringify([call, deviceId]);
    const seen = this.#seen.get(key) ?? { last: now, seqs: new Set() };
    this.#seen.set(key, seen);
    seen.last = Math.max(seen.last, now);
    if (seen.seqs.has(seq)) return false;
    seen.seqs.add(seq);
    return true;
  }

  #forget(now: number): void {
    for (const [key, seen] of this.#seen) if (now - seen.last > KEPT_MS) this.#seen.delete(key);
  }
}
