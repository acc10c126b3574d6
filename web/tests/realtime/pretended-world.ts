/** A world in which nothing happens by itself: time passes when a test says so, servers answer when it says so. */
import type { Cancel, OpenSocket, Outside, SocketHears } from "../../src/realtime/index.ts";

/** Lets everything that only waits for promises happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Numbers that look random and are the same each time: https://github.com/bryc/code/blob/master/jshash/PRNGs.md */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Time and chance that a test rules. */
export class PretendedWorld implements Outside {
  #now = 1_700_000_000_000;
  #count = 0;
  readonly #alarms = new Set<Alarm>();
  random: () => number;

  constructor(random: () => number = () => 0.5) {
    this.random = random;
  }

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): Cancel {
    const alarm = { at: this.#now + milliseconds, order: this.#count++, run };
    this.#alarms.add(alarm);
    return () => void this.#alarms.delete(alarm);
  }

  /** Let time pass; what is due then happens, in its order. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (let next = this.#next(end); next !== null; next = this.#next(end)) {
      this.#now = next.at;
      this.#alarms.delete(next);
      next.run();
      await settled();
    }
    this.#now = end;
  }

  #next(end: number): Alarm | null {
    const due = [...this.#alarms].filter((alarm) => alarm.at <= end);
    due.sort((a, b) => a.at - b.at || a.order - b.order);
    return due[0] ?? null;
  }
}

/** One socket, from the server's side. */
export class ServerSocket {
  readonly frames: Record<string, unknown>[] = [];
  isClosedByClient = false;

  constructor(
    readonly url: string,
    readonly protocols: string[],
    readonly hears: SocketHears,
  ) {}

  /** Say something. */
  say(what: object): void {
    this.hears.said(JSON.stringify(what));
  }

  /** The last frame of a type. */
  last(type: string): Record<string, unknown> {
    const found = this.frames.filter((frame) => frame["type"] === type).at(-1);
    if (found === undefined) throw new Error(`no ${type} among ${this.frames.map((frame) => frame["type"]).join()}`);
    return found;
  }

  /** Answer the last frame of a type. */
  answer(type: string, reply: object): void {
    this.say({ id: this.last(type)["id"], ...reply });
  }
}

/** Sockets that were opened, the newest last. */
export function pretendedSockets(): { open: OpenSocket; sockets: ServerSocket[] } {
  const sockets: ServerSocket[] = [];
  const open: OpenSocket = (url, protocols, hears) => {
    const socket = new ServerSocket(url, protocols, hears);
    sockets.push(socket);
    return {
      send: (text) => void socket.frames.push(JSON.parse(text) as Record<string, unknown>),
      close: () => void (socket.isClosedByClient = true),
    };
  };
  return { open, sockets };
}
