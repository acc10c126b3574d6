/** The client of `parley.v1`: stays connected, sends what was not acknowledged again, says what happens. */
import { Emitter } from "./emitter.ts";
import { Refused, STOPPED } from "./errors.ts";
import { Link, unanswered } from "./link.ts";
import { browser, webSocket, type Cancel, type OpenSocket, type Outside } from "./outside.ts";
import { RESEND_AFTER, backoff } from "./pace.ts";
import { ServerClock } from "./server-clock.ts";
import type { GetTicket, Ticket } from "./tickets.ts";
import { isEvent, isReply, type ClientFrame, type Refusal, type Reply, type ReplyTo, type ServerEvents, type Synced } from "./wire.ts";

/** Whether there is a connection. `signed-out` is final: nothing is tried until `start`. */
export type RealtimeState = "stopped" | "connecting" | "ready" | "waiting" | "signed-out";

/** What the client itself tells, beside the server's events. */
export interface OwnEvents {
  "state": { state: RealtimeState };
  /** A new connection is in step again; this is what happened meanwhile. */
  "synced": Synced;
  /** The call held by `hold` is not there any more, by the server's word. */
  "call-lost": { call_id: string };
  /** The server refused something that had no name. */
  "error": Refusal;
}

/** What it is made with; all but the tickets has a default. */
export interface RealtimeParts {
  readonly getTicket: GetTicket;
  readonly outside?: Outside;
  readonly open?: OpenSocket;
  /** What to catch up with on each new connection. */
  readonly syncFrame?: () => ClientFrame & { type: "sync" };
}

interface Pending {
  readonly frame: ClientFrame;
  readonly text: string;
  sends: number;
  cancelResend: Cancel;
  readonly cancelDeadline: Cancel;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Refused) => void;
}

const PATIENCE = 20_000;

/** The client. */
export class Realtime extends Emitter<ServerEvents & OwnEvents> {
  /** The server's time, as of the last pings. */
  readonly clock: ServerClock;
  /** What to catch up with; whoever keeps calls sets it. */
  syncFrame: () => ClientFrame & { type: "sync" };
  readonly #getTicket: GetTicket;
  readonly #outside: Outside;
  readonly #open: OpenSocket;
  readonly #pending = new Map<string, Pending>();
  readonly #name: string;
  #count = 0;
  #state: RealtimeState = "stopped";
  #link: Link | null = null;
  #nextLink: Link | null = null;
  #cancelRetry: Cancel | null = null;
  /** Which start this is: what an earlier one still waits for is no concern any more. */
  #era = 0;
  #isGettingTicket = false;
  #attempts = 0;
  #heldCall: string | null = null;

  constructor(parts: RealtimeParts) {
    super();
    this.#getTicket = parts.getTicket;
    this.#outside = parts.outside ?? browser;
    this.#open = parts.open ?? webSocket;
    this.syncFrame = parts.syncFrame ?? (() => ({ type: "sync" }));
    this.clock = new ServerClock(this.#outside);
    this.#name = Math.floor(this.#outside.random() * 2 ** 40).toString(36);
  }

  /** Whether there is a connection. */
  get state(): RealtimeState {
    return this.#state;
  }

  /** Connect, and stay connected. */
  start(): void {
    if (this.#state !== "stopped" && this.#state !== "signed-out") return;
    this.#era += 1;
    this.#attempts = 0;
    void this.#connect();
  }

  /** Close the connection; whatever still waits for a reply is refused. */
  stop(): void {
    this.#shutDown("stopped");
    for (const id of [...this.#pending.keys()]) this.#settle(id)?.reject(new Refused(STOPPED));
  }

  /** The network has changed: see at once whether the connection lives, or do not wait any longer for the next try. */
  nudge(): void {
    this.#link?.ping();
    if (this.#cancelRetry === null) return;
    this.#attempts = 0;
    void this.#connect();
  }

  /** Keep a call's line held by frequent pings, or none any more. */
  hold(callId: string | null): void {
    if (callId === this.#heldCall) return;
    this.#heldCall = callId;
    if (callId !== null) this.#link?.ping();
  }

  /** Ask something, over as many connections as it takes; rejects with `Refused` where it is refused or too late. */
  request<Frame extends ClientFrame>(frame: Frame, within = PATIENCE): Promise<ReplyTo<Frame>> {
    return new Promise((resolve, reject) => {
      const id = this.#newId();
      const pending: Pending = {
        frame,
        text: JSON.stringify({ ...frame, id }),
        sends: 0,
        cancelResend: () => {},
        cancelDeadline: this.#outside.after(within, () => this.#settle(id)?.reject(unanswered(frame))),
        resolve: (reply) => resolve(reply as ReplyTo<Frame>),
        reject,
      };
      this.#pending.set(id, pending);
      if (this.#state === "ready") this.#send(pending);
    });
  }

  async #connect(): Promise<void> {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#nextLink !== null || this.#isGettingTicket) return;
    const era = this.#era;
    if (this.#link === null) this.#tell("connecting");
    this.#isGettingTicket = true;
    const ticket = await this.#getTicket().catch((error: unknown) => error as Refused);
    if (era !== this.#era) return;
    this.#isGettingTicket = false;
    if (ticket instanceof Error) this.#withoutTicket(ticket);
    else this.#openLink(ticket);
  }

  #withoutTicket(error: Error): void {
    const status = error instanceof Refused ? error.more["status"] : undefined;
    if (status === 401 || status === 403) this.#shutDown("signed-out");
    else this.#retry();
  }

  #openLink(ticket: Ticket): void {
    const link: Link = new Link(ticket, this.#partsOfLinks(), {
      ready: (synced) => this.#ready(link, synced),
      said: (said) => this.#hear(said),
      callLost: (callId) => this.emit("call-lost", { call_id: callId }),
      expiring: () => void this.#connect(),
      closed: () => this.#closed(link),
    });
    this.#nextLink = link;
  }

  #partsOfLinks(): ConstructorParameters<typeof Link>[1] {
    return {
      outside: this.#outside,
      open: this.#open,
      clock: this.clock,
      newId: () => this.#newId(),
      syncFrame: () => this.syncFrame(),
      heldCall: () => this.#heldCall,
    };
  }

  /** The new connection takes over; only now is the one before it closed, so that nothing is missed between them. */
  #ready(link: Link, synced: Synced | null): void {
    const before = this.#link;
    this.#link = link;
    this.#nextLink = null;
    this.#attempts = 0;
    this.#tell("ready");
    for (const pending of this.#pending.values()) this.#send(pending);
    before?.close();
    if (synced !== null) this.emit("synced", synced);
  }

  #closed(link: Link): void {
    if (link === this.#nextLink) this.#nextLink = null;
    if (link === this.#link) this.#link = null;
    this.#retry();
  }

  #retry(): void {
    const isConnecting = this.#nextLink !== null || this.#isGettingTicket;
    if (this.#link === null) this.#tell(isConnecting ? "connecting" : "waiting");
    if (isConnecting || this.#cancelRetry !== null) return;
    const wait = backoff(this.#attempts, this.#outside.random());
    this.#attempts += 1;
    this.#cancelRetry = this.#outside.after(wait, () => void this.#connect());
  }

  #shutDown(state: RealtimeState): void {
    this.#era += 1;
    this.#isGettingTicket = false;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#nextLink?.close();
    this.#link?.close();
    this.#nextLink = this.#link = null;
    this.#tell(state);
  }

  #hear(said: { type: string } & Record<string, unknown>): void {
    if (isReply(said)) this.#answered(said);
    else if (isEvent(said.type)) this.emit(said.type, said as never);
  }

  #answered(reply: Reply): void {
    const pending = reply.id === undefined ? undefined : this.#pending.get(reply.id);
    if (reply.type === "error" && reply.code === "session-over") {
      this.#shutDown("signed-out");
    } else if (pending === undefined) {
      if (reply.type === "error" && reply.id === undefined) this.emit("error", reply);
    } else if (reply.type === "error" && reply.code === "too-fast") {
      pending.cancelResend();
      pending.cancelResend = this.#outside.after((reply.retry_after ?? 1) * 1000, () => this.#send(pending));
    } else {
      this.#settle(reply.id as string);
      if (reply.type === "error") pending.reject(new Refused(reply.code, reply.detail, { ...reply }));
      else pending.resolve(reply);
    }
  }

  /** The server answers a frame that it had before as it did then. */
  #send(pending: Pending): void {
    pending.cancelResend();
    this.#link?.send(pending.text);
    pending.cancelResend = this.#outside.after(RESEND_AFTER * 2 ** pending.sends, () => this.#send(pending));
    pending.sends += 1;
  }

  #settle(id: string): Pending | undefined {
    const pending = this.#pending.get(id);
    pending?.cancelResend();
    pending?.cancelDeadline();
    this.#pending.delete(id);
    return pending;
  }

  #newId(): string {
    this.#count += 1;
    return `${this.#name}-${this.#count}`;
  }

  #tell(state: RealtimeState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.emit("state", { state });
  }
}
