/** The server's part in calls, small enough to be read at once: what the machines are tried against. */
import type { Call, CallStatus } from "../../src/realtime/index.ts";
import type { Said } from "../../src/calls/effects.ts";

/** A message as the server has it: it cannot look into `said`, and the tests' one does not. */
export interface Letter {
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly said: Said;
}

/** A frame of a device. */
export type Frame =
  | { type: "call.invite"; offers: Letter[] }
  | { type: "call.accept"; letter: Letter }
  | { type: "call.ringing" | "call.connected" | "call.decline" | "call.hangup" }
  | { type: "signal"; letter: Letter }
  | { type: "sync"; have: Record<string, number> };

/** What is answered to a frame. */
export type Answer =
  | { type: "ack"; call?: Call }
  | { type: "error"; code: string }
  | { type: "synced"; call: Call | null; letters: Letter[]; more: boolean };

/** What is said to a device without being asked. */
export type Event = { type: "state"; call: Call } | { type: "incoming"; call: Call; offer: Letter } | { type: "signal"; letter: Letter };

/** People, by their devices. */
export const CALLER = { uid: "11111111", devices: ["dev_A"] } as const;
export const CALLEE = { uid: "22222222", devices: ["dev_B", "dev_C"] } as const;

const RING = 45_000;
const OVER: ReadonlySet<CallStatus> = new Set(["declined", "busy", "cancelled", "missed", "ended", "failed"]);
const MOST_AT_ONCE = 24;

/** One call between the two. */
export class Switchboard {
  #call: Call | null = null;
  #invitedAt = 0;
  readonly mail: Letter[] = [];
  /** Candidates that came from the caller before anybody had answered: there must be none. */
  toldTooEarly = 0;
  readonly #post: (device: string, event: Event) => void;

  constructor(post: (device: string, event: Event) => void) {
    this.#post = post;
  }

  get call(): Call | null {
    return this.#call;
  }

  get isOver(): boolean {
    return this.#call !== null && OVER.has(this.#call.status);
  }

  handle(device: string, frame: Frame, now: number): Answer {
    if (frame.type === "call.invite") return this.#invite(device, frame.offers, now);
    const call = this.#call;
    if (call === null) return { type: "error", code: "not-found" };
    this.expire(now);
    if (frame.type === "signal") return this.#signal(frame.letter);
    if (frame.type === "sync") return this.#sync(device, frame.have);
    if (frame.type === "call.accept") return this.#accept(device, frame.letter, now);
    return this.#move(device, frame.type);
  }

  /** Time has passed. */
  expire(now: number): void {
    if (this.#call?.status === "ringing" && now >= this.#invitedAt + RING) this.#become("missed", {});
  }

  #invite(device: string, offers: Letter[], now: number): Answer {
    if (this.#call === null) {
      this.#invitedAt = now;
      this.#call = {
        id: "call_1",
        status: "ringing",
        version: 1,
        caller: CALLER.uid,
        callee: CALLEE.uid,
        caller_device: device,
        callee_device: null,
        reason: null,
        created_at: iso(now),
        ring_until: iso(now + RING),
        answered_at: null,
        connected_at: null,
        ended_at: null,
      };
      for (const offer of offers) this.#post(offer.to, { type: "incoming", call: this.#call, offer });
    }
    return { type: "ack", call: this.#call };
  }

  #accept(device: string, letter: Letter, now: number): Answer {
    const call = this.#call as Call;
    if (call.callee_device === device) return { type: "ack", call };
    if (OVER.has(call.status)) return { type: "error", code: "call-over" };
    if (call.status !== "ringing") return { type: "error", code: "answered-elsewhere" };
    this.#keep(letter);
    this.#become("accepted", { callee_device: device, answered_at: iso(now) });
    return { type: "ack", call: this.#call as Call };
  }

  #move(device: string, type: "call.ringing" | "call.connected" | "call.decline" | "call.hangup"): Answer {
    const { status, callee_device } = this.#call as Call;
    const isCaller = device === CALLER.devices[0];
    if (type === "call.decline" && status === "ringing" && !isCaller) this.#become("declined", {});
    if (type === "call.hangup" && status === "ringing") this.#become(isCaller ? "cancelled" : "declined", {});
    else if (type === "call.hangup" && !this.isOver && (isCaller || callee_device === device)) this.#become("ended", {});
    if (type === "call.connected" && status === "accepted" && (isCaller || callee_device === device)) this.#become("connected", {});
    return { type: "ack", call: this.#call as Call };
  }

  #signal(letter: Letter): Answer {
    const call = this.#call as Call;
    if (this.isOver) return { type: "error", code: "call-over" };
    if (call.status === "ringing") this.toldTooEarly += 1;
    const talkers = [call.caller_device, call.callee_device];
    if (!talkers.includes(letter.from) || !talkers.includes(letter.to)) return { type: "error", code: "not-found" };
    this.#keep(letter);
    return { type: "ack" };
  }

  #sync(device: string, have: Record<string, number>): Answer {
    const wanted = this.mail
      .filter((letter) => letter.to === device && letter.seq >= (have[letter.from] ?? 0))
      .sort((a, b) => a.seq - b.seq);
    const letters = wanted.slice(0, MOST_AT_ONCE);
    return { type: "synced", call: this.#call, letters, more: wanted.length > letters.length };
  }

  #keep(letter: Letter): void {
    const isThere = this.mail.some((one) => one.from === letter.from && one.to === letter.to && one.seq === letter.seq);
    if (isThere) return;
    this.mail.push(letter);
    this.#post(letter.to, { type: "signal", letter });
  }

  #become(status: CallStatus, change: Partial<Call>): void {
    const call = this.#call as Call;
    this.#call = { ...call, ...change, status, version: call.version + 1 };
    for (const device of [...CALLER.devices, ...CALLEE.devices]) this.#post(device, { type: "state", call: this.#call });
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
