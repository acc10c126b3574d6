/** Puts what one device says in a call in order: Lambda answers concurrently, so frames overtake each other. */

/** Most messages of one device in one call. */
export const MOST_MESSAGES = 1000;

/** Messages of one device by their numbers; each comes out once, however often it came in. */
export class Inbox<Message> {
  #next: number;
  readonly #beyond = new Set<number>();
  readonly #held = new Map<number, Message>();
  #gapSince: number | null = null;

  /** `first` is the number of the first message that is still to come. */
  constructor(first = 0) {
    this.#next = first;
  }

  /** The number of the first message that has not come. */
  get next(): number {
    return this.#next;
  }

  /** Since when something is held back because of a message that has not come. */
  get gapSince(): number | null {
    return this.#gapSince;
  }

  /** Tell whether a message has not come yet. */
  wants(number: number): boolean {
    return Number.isInteger(number) && number >= this.#next && number < MOST_MESSAGES && !this.#beyond.has(number);
  }

  /** Take one in; returns those whose turn it is. One that needs no turn is returned at once. */
  take(number: number, message: Message, needsTurn: boolean, now: number): Message[] {
    if (!this.wants(number)) return [];
    this.#beyond.add(number);
    while (this.#beyond.delete(this.#next)) this.#next += 1;
    const due = needsTurn ? [] : [message];
    if (needsTurn) this.#held.set(number, message);
    for (const one of [...this.#held.keys()].filter((each) => each < this.#next).sort((a, b) => a - b)) {
      due.push(this.#held.get(one) as Message);
      this.#held.delete(one);
    }
    this.#gapSince = this.#held.size === 0 ? null : (this.#gapSince ?? now);
    return due;
  }
}
