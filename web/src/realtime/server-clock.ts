/** The server's clock, seen from here: half a round trip is the most that it can be wrong by. */
import type { Outside } from "./outside.ts";

/** Measurements that are looked at: a machine that slept or set its clock is right again after so many. */
const KEPT = 8;

interface Sample {
  readonly roundTrip: number;
  readonly offset: number;
}

/** Tells the server's time. */
export class ServerClock {
  readonly #outside: Pick<Outside, "now">;
  #samples: Sample[] = [];

  constructor(outside: Pick<Outside, "now">) {
    this.#outside = outside;
  }

  /** Take note of a ping that was sent at `sentAt` and answered right now with `serverTime`. */
  note(sentAt: number, serverTime: number): void {
    const now = this.#outside.now();
    const sample = { roundTrip: now - sentAt, offset: serverTime - (sentAt + now) / 2 };
    this.#samples = [...this.#samples, sample].slice(-KEPT);
  }

  /** Milliseconds that the server is ahead, by the quickest of the last pings. */
  get offset(): number {
    const best = this.#samples.reduce<Sample | null>((a, b) => (a !== null && a.roundTrip <= b.roundTrip ? a : b), null);
    return best?.offset ?? 0;
  }

  /** The server's time, milliseconds since 1970. */
  now(): number {
    return this.#outside.now() + this.offset;
  }
}
