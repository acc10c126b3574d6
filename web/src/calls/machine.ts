/** One end of a call, without input or output: it is told what happened, and says what is to be done.
 *
 * Times are milliseconds of the server's clock. Everything may come late, twice, in another order or not at all.
 */
import type { Call } from "../realtime/index.ts";
import { Refused, fingerprintOf, type Statement } from "../sealed/index.ts";
import type { Effect, MediaState, Outcome, RecordWord, Said, Saying } from "./effects.ts";
import { Inbox, MOST_MESSAGES } from "./inbox.ts";
import {
  ANSWER_OVERDUE,
  CONNECT_WITHIN,
  GAP,
  GIVE_UP_AFTER,
  LATE_ANSWER,
  RESTART_AFTER,
  WHILE_RINGING,
} from "./timing.ts";

/** Where this end is. `inviting` has no answer to its invite; `answering` none to its accept. */
export type Phase = "offering" | "inviting" | "ringing" | "answering" | "connecting" | "connected" | "over";

/** Whom a machine belongs to. */
export interface Me {
  readonly uid: string;
  readonly device: string;
}

const RUNNING: ReadonlySet<string> = new Set(["ringing", "accepted", "connected"]);

/** One end of one call. */
export class CallMachine {
  readonly role: "caller" | "callee";
  readonly callId: string;
  /** The other's 8-digit number. */
  readonly other: string;
  readonly #me: Me;
  #effects: Effect[] = [];
  #phase: Phase;
  #call: Call | null = null;
  #outcome: Outcome | null = null;
  #peer: string | null = null;
  readonly #inboxes = new Map<string, Inbox<Said>>();
  /** What devices said before it was known which of them answers. */
  readonly #early = new Map<string, Said[]>();
  #sent = 0;
  #ownIce: (RTCIceCandidateInit | null)[] = [];
  #theirIce: (RTCIceCandidateInit | null)[] = [];
  #offer: string | null = null;
  #pinned: string | null = null;
  #hasRemote = false;
  #isInvited = false;
  #isHangingUp: { reason: string } | null = null;
  #isNegotiating = false;
  #isConnected = false;
  #media: MediaState = "connecting";
  #brokenAt: number | null = null;
  #restartedAt: number | null = null;
  #connectBy: number | null = null;
  #syncAt: number | null = null;

  private constructor(role: "caller" | "callee", callId: string, me: Me, other: string) {
    this.role = role;
    this.callId = callId;
    this.other = other;
    this.#me = me;
    this.#phase = role === "caller" ? "offering" : "ringing";
  }

  /** Begin a call to `other`, on all of their `devices`. */
  static calling(callId: string, me: Me, other: string, devices: readonly string[]): CallMachine {
    const machine = new CallMachine("caller", callId, me, other);
    for (const device of devices) machine.#inboxes.set(device, new Inbox());
    machine.#sent = 1; // each device's offer has number 0
    machine.#do({ do: "make-offer", restart: false });
    return machine;
  }

  /** Be called, with the offer for this device. */
  static called(call: Call, me: Me, offer: { sdp: string }, now: number): CallMachine {
    const machine = new CallMachine("callee", call.id, me, call.caller);
    machine.#peer = call.caller_device;
    machine.#inboxes.set(call.caller_device, new Inbox(1));
    machine.#offer = offer.sdp;
    machine.#isInvited = true;
    machine.call(call, now);
    if (!machine.#pin(offer.sdp)) machine.#refuseSdp();
    else if (machine.#phase === "ringing") machine.#do({ do: "ring" }, { do: "frame", type: "call.ringing" });
    return machine;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** The call as the server last showed it. */
  get view(): Call | null {
    return this.#call;
  }

  get outcome(): Outcome | null {
    return this.#outcome;
  }

  /** The device at the other end, once it is known. */
  get peer(): string | null {
    return this.#peer;
  }

  get media(): MediaState {
    return this.#media;
  }

  /** What is missing, for a sync: by device, the number of the first message that has not come. */
  get have(): Record<string, number> {
    const asked = this.#peer === null ? [...this.#inboxes] : [[this.#peer, this.#inbox(this.#peer)] as const];
    return Object.fromEntries(asked.map(([device, inbox]) => [device, inbox.next]));
  }

  /** Return what is to be done, once. */
  take(): Effect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  // What the user wants.

  /** Take the call. */
  accept(): void {
    if (this.#phase !== "ringing" || this.role !== "callee" || this.#offer === null) return;
    this.#phase = "answering";
    this.#do({ do: "stop-ringing" }, { do: "take-offer", sdp: this.#offer });
  }

  /** Refuse the call, on all devices. */
  decline(reason: "declined" | "busy" = "declined"): void {
    if (this.role !== "callee") return;
    // Whoever has answered already can only end it: the answer may be there by now.
    if (this.#phase !== "ringing") this.hangUp(reason);
    else {
      this.#do({ do: "decline", reason });
      this.#end({ status: reason, reason: null });
    }
  }

  /** End the call, wherever it is. */
  hangUp(reason = "hangup"): void {
    if (this.#phase === "over") return;
    const isRunning = this.#phase === "connecting" || this.#phase === "connected";
    const isInvited = this.#isInvited;
    const before = this.role === "caller" ? "cancelled" : "declined";
    if (this.#phase === "inviting" && !isInvited) this.#isHangingUp = { reason };
    if (isInvited) this.#do({ do: "frame", type: "call.hangup", reason });
    this.#end({ status: isRunning ? "ended" : before, reason });
  }

  /** Say something about recording to the other end. */
  record(word: RecordWord, statement: Statement | null): void {
    if (this.#phase !== "connecting" && this.#phase !== "connected") return;
    this.#say({ type: "record", body: statement === null ? { kind: word } : { kind: word, statement } });
  }

  // What the peer connection did.

  /** It made an offer. */
  offered(sdp: string): void {
    if (this.#phase === "offering") {
      this.#phase = "inviting";
      this.#do({ do: "invite", sdp });
    } else if (this.#isTalking && this.#isNegotiating) {
      this.#say({ type: "negotiate", body: { sdp, kind: "offer" } });
    }
  }

  /** It took an offer, and made an answer. */
  answered(sdp: string): void {
    if (this.#phase === "answering") {
      this.#do({ do: "accept", saying: this.#numbered({ type: "answer", body: { sdp } }) });
      this.#remoteIsThere();
    } else if (this.#isTalking) {
      this.#say({ type: "negotiate", body: { sdp, kind: "answer" } });
    }
  }

  /** It found ways to be reached; nobody hears of them before the call is accepted. */
  candidates(found: readonly (RTCIceCandidateInit | null)[]): void {
    this.#ownIce.push(...found);
    if (this.#isTalking) this.#sayIce();
  }

  /** Its connection changed. */
  connection(state: "connected" | "disconnected" | "failed", now: number): void {
    // It may be there before the answer to our accept is.
    this.#isConnected = state === "connected";
    if (!this.#isTalking) return;
    if (state !== "connected") {
      this.#break(state, now);
      return;
    }
    this.#brokenAt = this.#restartedAt = this.#connectBy = null;
    this.#show("connected");
    if (this.#phase === "connecting") {
      this.#phase = "connected";
      this.#do({ do: "frame", type: "call.connected" });
    }
    this.#watch(now);
  }

  /** It cannot be made, or cannot do what was asked. */
  peerFailed(reason: string): void {
    if (this.#phase === "offering") this.#end({ status: "failed", reason });
    else this.hangUp(reason);
  }

  // What the server says.

  /** The call stands like this, by an event, an answer or a sync. */
  call(call: Call, now: number): void {
    this.#isInvited = true;
    if (call.id !== this.callId || (this.#call !== null && call.version <= this.#call.version)) return;
    this.#call = call;
    if (this.#phase === "over") this.#after(call);
    else if (!RUNNING.has(call.status)) this.#end(outcomeOf(call));
    else if (call.status !== "ringing") this.#isAnswered(call, now);
    else if (this.#phase === "inviting") this.#phase = "ringing";
    this.#watch(now);
  }

  /** One of the callee's devices rings: the caller may hear it. */
  ringsThere(): void {
    if (this.role === "caller" && (this.#phase === "inviting" || this.#phase === "ringing")) this.#do({ do: "ring" });
  }

  /** A sync's answer: `call` is null where the server knows it no more. */
  synced(call: Call | null, now: number): void {
    if (call !== null) this.call(call, now);
    else this.#lose();
  }

  /** A frame was refused. */
  refused(frame: "call.invite" | "call.accept" | "call.connected" | "signal" | "sync", error: RefusalLike): void {
    if (frame === "call.invite") this.#inviteRefused(error);
    else if (frame === "call.accept") this.#acceptRefused(error);
    else if (frame === "sync" && error.code === "not-found") this.#lose();
    else if (frame !== "sync" && this.#phase !== "over") this.#do({ do: "sync", have: this.have });
  }

  // What the other end says.

  /** Tell whether a message is still wanted, before it is opened. */
  wants(device: string, seq: number): boolean {
    return this.#phase !== "over" && (this.#inboxes.get(device)?.wants(seq) ?? false);
  }

  /** A message came out of its envelope. */
  opened(device: string, seq: number, said: Said, now: number): void {
    const inbox = this.#inboxes.get(device);
    if (this.#phase === "over" || inbox === undefined || (this.#peer !== null && device !== this.#peer)) return;
    for (const due of inbox.take(seq, said, said.type !== "ice", now)) {
      if (this.#peer === null) this.#early.set(device, [...(this.#early.get(device) ?? []), due]);
      else this.#hear(due);
    }
    this.#watch(now);
  }

  // Time.

  /** When `tick` is to be called, if nothing else happens before. */
  get deadline(): number | null {
    if (this.#phase === "over") return null;
    const times = [this.#ringsUntil, this.#connectBy, this.#restartAt, this.#giveUpAt, this.#syncAt];
    const due = times.filter((time) => time !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Time has passed. */
  tick(now: number): void {
    if (isDue(this.#ringsUntil, now)) this.#rangOut();
    if (isDue(this.#connectBy, now) || isDue(this.#giveUpAt, now)) this.hangUp("ice-timeout");
    if (isDue(this.#restartAt, now)) {
      this.#restartedAt = now;
      this.#isNegotiating = true;
      this.#do({ do: "make-offer", restart: true });
    }
    if (isDue(this.#syncAt, now)) {
      this.#syncAt = null;
      this.#do({ do: "sync", have: this.have });
    }
    this.#watch(now);
  }

  get #isTalking(): boolean {
    return this.#phase === "connecting" || this.#phase === "connected";
  }

  get #ringsUntil(): number | null {
    if (this.#phase !== "ringing" || this.#call === null) return null;
    return Date.parse(this.#call.ring_until) + (this.role === "caller" ? LATE_ANSWER : 0);
  }

  get #restartAt(): number | null {
    if (this.#brokenAt === null || this.#isNegotiating || !this.#isTalking) return null;
    return this.#restartedAt === null
      ? this.#brokenAt + RESTART_AFTER[this.role]
      : this.#restartedAt + 2 * RESTART_AFTER[this.role];
  }

  get #giveUpAt(): number | null {
    return this.#brokenAt === null || !this.#isTalking ? null : this.#brokenAt + GIVE_UP_AFTER;
  }

  /** Something is expected of the other end: if it does not come by itself, it is looked up, again and again. */
  #watch(now: number): void {
    const patience = this.#patience;
    this.#syncAt = patience === null ? null : Math.min(this.#syncAt ?? Infinity, now + patience);
  }

  /** How long what is expected of the other end is waited for; null where nothing is. */
  get #patience(): number | null {
    if (this.#phase === "ringing") return this.#early.size > 0 ? ANSWER_OVERDUE : WHILE_RINGING;
    if (this.#phase === "connecting") return GAP;
    if (this.#phase !== "connected") return null;
    const hasGap = this.#peer !== null && this.#inbox(this.#peer).gapSince !== null;
    return hasGap || this.#isNegotiating || this.#brokenAt !== null ? GAP : null;
  }

  /** The server knows the call no more; or not yet, where its invite is on the way. */
  #lose(): void {
    if (this.#isInvited) this.#end({ status: "failed", reason: "lost" });
  }

  /** The time of ringing is over: the callee's end knows it by itself, the caller's makes sure. */
  #rangOut(): void {
    if (this.role === "caller") this.#do({ do: "frame", type: "call.hangup", reason: "missed" });
    this.#end({ status: "missed", reason: null });
  }

  #isAnswered(call: Call, now: number): void {
    if (this.role === "callee" && call.callee_device !== this.#me.device) {
      this.#end({ status: "answered-elsewhere", reason: null });
    } else if (!this.#isTalking && (this.role === "caller" || this.#phase === "answering")) {
      this.#begin(call, now);
    }
  }

  #begin(call: Call, now: number): void {
    this.#do({ do: "stop-ringing" }, { do: "media", state: "connecting" });
    this.#phase = "connecting";
    this.#connectBy = now + CONNECT_WITHIN;
    this.#peer = this.role === "caller" ? (call.callee_device as string) : call.caller_device;
    this.#sayIce();
    const early = this.#early.get(this.#peer) ?? [];
    this.#early.clear();
    for (const said of early) this.#hear(said);
    if (this.#isConnected) this.connection("connected", now);
  }

  #hear(said: Said): void {
    if (this.#phase === "over") return;
    if (said.type === "ice") this.#hearIce(said.body.candidates);
    else if (said.type === "answer") this.#hearAnswer(said.body.sdp);
    else if (said.type === "negotiate") this.#hearNegotiation(said.body);
    else if (said.type === "record") {
      this.#do({ do: "record", word: said.body.kind, statement: said.body.statement ?? null });
    } else if (said.type === "hangup") this.hangUp(said.body.reason);
  }

  #hearAnswer(sdp: string): void {
    if (this.role !== "caller" || this.#hasRemote) return;
    if (!this.#pin(sdp)) this.#refuseSdp();
    else {
      this.#do({ do: "take-answer", sdp });
      this.#remoteIsThere();
    }
  }

  #hearIce(candidates: (RTCIceCandidateInit | null)[]): void {
    if (this.#hasRemote) this.#do({ do: "take-candidates", candidates });
    else this.#theirIce.push(...candidates);
  }

  #hearNegotiation({ sdp, kind }: { sdp: string; kind: "offer" | "answer" }): void {
    // Both looked for another way at once: the caller's offer stands, the callee takes its own back.
    if (kind === "offer" ? this.#isNegotiating && this.role === "caller" : !this.#isNegotiating) return;
    if (!this.#pin(sdp)) this.#refuseSdp();
    else {
      this.#isNegotiating = false;
      this.#do({ do: kind === "offer" ? "take-offer" : "take-answer", sdp });
    }
  }

  #remoteIsThere(): void {
    this.#hasRemote = true;
    if (this.#theirIce.length > 0) this.#do({ do: "take-candidates", candidates: this.#theirIce });
    this.#theirIce = [];
  }

  /** The first SDP's fingerprint is the call's; tells whether this one carries it. */
  #pin(sdp: string): boolean {
    try {
      const fingerprint = fingerprintOf(sdp);
      this.#pinned ??= fingerprint;
      return fingerprint === this.#pinned;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }

  #refuseSdp(): void {
    this.hangUp("bad-fingerprint");
  }

  #break(state: "disconnected" | "failed", now: number): void {
    if (this.#brokenAt === null) this.#brokenAt = now;
    // Failed will not come back by itself.
    if (state === "failed" && this.#restartedAt === null && this.role === "caller") {
      this.#brokenAt = Math.min(this.#brokenAt, now - RESTART_AFTER.caller);
    }
    if (this.#phase === "connected") this.#show("reconnecting");
    this.tick(now);
  }

  #inviteRefused(error: RefusalLike): void {
    // Its answer was lost, but it was not: we were told of the call otherwise.
    if (this.#call !== null) return;
    const callId = error.more?.["call_id"];
    if (error.code === "glare" && typeof callId === "string") this.#do({ do: "glare", callId });
    if (error.code === "no-reply" || error.code === "stopped") {
      // Perhaps it rings there although nobody told us.
      this.#isInvited = true;
      this.#do({ do: "frame", type: "call.hangup", reason: this.#isHangingUp?.reason ?? error.code });
    }
    this.#isHangingUp = null;
    this.#end({ status: error.code === "busy" ? "busy" : "failed", reason: error.code });
  }

  #acceptRefused(error: RefusalLike): void {
    if (this.#phase !== "answering") return;
    if (error.code === "answered-elsewhere") this.#end({ status: "answered-elsewhere", reason: null });
    else if (error.code === "call-over" || error.code === "not-found") this.#end({ status: "ended", reason: error.code });
    else this.hangUp(error.code);
  }

  /** The server's word after our own end. */
  #after(call: Call): void {
    if (!RUNNING.has(call.status)) {
      if (this.#outcome?.status !== "answered-elsewhere") this.#outcome = outcomeOf(call);
    } else if (this.#isHangingUp !== null) {
      this.#do({ do: "frame", type: "call.hangup", reason: this.#isHangingUp.reason });
      this.#isHangingUp = null;
    }
  }

  #end(outcome: Outcome): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#outcome = outcome;
    this.#offer = null;
    this.#ownIce = this.#theirIce = [];
    this.#do({ do: "stop-ringing" }, { do: "close-peer" }, { do: "over", outcome });
  }

  #show(state: MediaState): void {
    if (state === this.#media) return;
    this.#media = state;
    this.#do({ do: "media", state });
  }

  #sayIce(): void {
    if (this.#ownIce.length === 0) return;
    this.#say({ type: "ice", body: { candidates: this.#ownIce } });
    this.#ownIce = [];
  }

  #say(said: Said): void {
    if (this.#sent < MOST_MESSAGES) this.#do({ do: "say", saying: this.#numbered(said) });
  }

  #numbered(said: Said): Saying {
    const seq = this.#sent;
    this.#sent += 1;
    return { ...said, to: this.#peer as string, seq };
  }

  #inbox(device: string): Inbox<Said> {
    const inbox = this.#inboxes.get(device) ?? new Inbox<Said>();
    this.#inboxes.set(device, inbox);
    return inbox;
  }

  #do(...effects: Effect[]): void {
    this.#effects.push(...effects);
  }
}

/** A refusal, as far as it matters here. */
export interface RefusalLike {
  readonly code: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

function isDue(time: number | null, now: number): boolean {
  return time !== null && time <= now;
}

function outcomeOf(call: Call): Outcome {
  return { status: call.status as Outcome["status"], reason: call.reason };
}
