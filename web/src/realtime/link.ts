/** One connection from its opening to its end: sync first, then pings. */
import { NO_REPLY, Refused } from "./errors.ts";
import type { Cancel, OpenSocket, Outside, Socket } from "./outside.ts";
import { PONG_WITHIN, READY_WITHIN, nextPing, replaceIn } from "./pace.ts";
import type { ServerClock } from "./server-clock.ts";
import type { Ticket } from "./tickets.ts";
import { PROTOCOL, isReply, read, type ClientFrame, type Pong, type Refusal, type Reply, type Synced } from "./wire.ts";

/** What a link tells its owner. */
export interface LinkHears {
  /** It is open and in step: `synced` is what happened meanwhile; null for those who take part in no call. */
  ready(synced: Synced | null): void;
  /** A reply to a frame of its owner's, or an event. */
  said(said: { type: string } & Record<string, unknown>): void;
  /** The call that is held by pings is not there any more. */
  callLost(callId: string): void;
  /** It will be ended by the server soon: open another one. */
  expiring(): void;
  /** It is over, not by its owner's wish. */
  closed(): void;
}

/** What a link is made with. */
export interface LinkParts {
  readonly outside: Outside;
  readonly open: OpenSocket;
  readonly clock: ServerClock;
  /** Names for frames, never used twice. */
  readonly newId: () => string;
  /** What to catch up with. */
  readonly syncFrame: () => ClientFrame & { type: "sync" };
  /** The call that pings hold. */
  readonly heldCall: () => string | null;
}

interface Asked {
  readonly sentAt: number;
  readonly cancel: Cancel;
  readonly answered: (reply: Reply, sentAt: number) => void;
}

/** One WebSocket connection. */
export class Link {
  readonly #parts: LinkParts;
  readonly #hears: LinkHears;
  readonly #socket: Socket;
  readonly #asked = new Map<string, Asked>();
  #isOver = false;
  #cancelPing: Cancel = () => {};
  #cancelExpiry: Cancel = () => {};
  #expiryIsPlanned = false;

  constructor(ticket: Ticket, parts: LinkParts, hears: LinkHears) {
    this.#parts = parts;
    this.#hears = hears;
    this.#cancelPing = parts.outside.after(READY_WITHIN, () => this.#fail());
    this.#socket = parts.open(ticket.url, [PROTOCOL, `ticket.${ticket.ticket}`], {
      opened: () => this.#catchUp(),
      said: (text) => this.#hear(text),
      closed: () => this.#fail(),
    });
  }

  /** Send a frame; what is said after the end is lost, and its owner sends it again elsewhere. */
  send(text: string): void {
    if (!this.#isOver) this.#socket.send(text);
  }

  /** Ping now, and again from now on: a call began or ended. */
  ping(): void {
    this.#cancelPing();
    if (this.#isOver) return;
    const callId = this.#parts.heldCall();
    const frame: ClientFrame = callId === null ? { type: "ping" } : { type: "ping", call_id: callId };
    this.#ask(frame, PONG_WITHIN, (reply, sentAt) => {
      if (reply.type === "pong") this.#pong(reply, sentAt);
      else if (callId !== null && (reply as Refusal).code !== "too-fast") this.#hears.callLost(callId);
    });
    const { random } = this.#parts.outside;
    this.#cancelPing = this.#parts.outside.after(nextPing(callId !== null, random()), () => this.ping());
  }

  /** End it; nothing is told. */
  close(): void {
    if (this.#isOver) return;
    this.#end();
    this.#socket.close(1000);
  }

  #catchUp(): void {
    this.#ask(this.#parts.syncFrame(), READY_WITHIN, (reply) => {
      if (reply.type === "error" && reply.code === "too-fast") {
        this.#cancelPing();
        this.#cancelPing = this.#parts.outside.after((reply.retry_after ?? 1) * 1000, () => this.#catchUp());
        return;
      }
      this.#hears.ready(reply.type === "synced" ? reply : null);
      this.ping();
    });
  }

  #pong(pong: Pong, sentAt: number): void {
    this.#parts.clock.note(sentAt, pong.server_time);
    // What happened to it may have been said and not heard.
    if (pong.call !== undefined) this.#hears.said({ type: "call.state", call: pong.call });
    // Once for each link: a new roll of the dice at each pong would draw it towards the earliest moment.
    if (this.#expiryIsPlanned) return;
    this.#expiryIsPlanned = true;
    const { outside, clock } = this.#parts;
    const wait = replaceIn(Date.parse(pong.until), clock.now(), outside.random());
    this.#cancelExpiry = outside.after(wait, () => this.#hears.expiring());
  }

  #ask(frame: ClientFrame, within: number, answered: Asked["answered"]): void {
    const id = this.#parts.newId();
    const cancel = this.#parts.outside.after(within, () => this.#fail());
    this.#asked.set(id, { sentAt: this.#parts.outside.now(), cancel, answered });
    this.send(JSON.stringify({ ...frame, id }));
  }

  #hear(text: string): void {
    const said = read(text);
    if (this.#isOver || said === null) return;
    if (said.type === "error" && said["code"] === "connection-over") return this.#fail();
    if (said.type === "error" && said["code"] === "session-over") return this.#hears.said(said);
    const asked = said.id === undefined ? undefined : this.#asked.get(said.id);
    if (asked === undefined || !isReply(said)) {
      this.#hears.said(said);
      return;
    }
    this.#asked.delete(said.id as string);
    asked.cancel();
    asked.answered(said, asked.sentAt);
  }

  #fail(): void {
    if (this.#isOver) return;
    this.close();
    this.#hears.closed();
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelPing();
    this.#cancelExpiry();
    for (const asked of this.#asked.values()) asked.cancel();
    this.#asked.clear();
  }
}

/** What a frame is refused with when nobody answered it. */
export function unanswered(frame: ClientFrame): Refused {
  return new Refused(NO_REPLY, `The server did not answer ${frame.type}.`);
}
