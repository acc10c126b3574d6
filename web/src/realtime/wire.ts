/** What `parley.v1` says: the frames of a client, and the server's replies and events (docs/realtime.md). */
import type { Envelope } from "../sealed/index.ts";

export type { Envelope };

/** The sub-protocol. */
export const PROTOCOL = "parley.v1";

/** How a call stands. */
export type CallStatus =
  | "ringing"
  | "accepted"
  | "connected"
  | "declined"
  | "busy"
  | "cancelled"
  | "missed"
  | "ended"
  | "failed";

/** A call as the server shows it to its two people; one whose version is not higher is no news. */
export interface Call {
  readonly id: string;
  readonly status: CallStatus;
  readonly version: number;
  /** Their 8-digit numbers. */
  readonly caller: string;
  readonly callee: string;
  readonly caller_device: string;
  readonly callee_device: string | null;
  readonly reason: string | null;
  readonly created_at: string;
  readonly ring_until: string;
  readonly answered_at: string | null;
  readonly connected_at: string | null;
  readonly ended_at: string | null;
}

/** What a client may ask. */
export type ClientFrame =
  | { type: "ping"; call_id?: string }
  | { type: "sync"; call_id?: string; have?: Record<string, number> }
  | { type: "watch"; job_id: string }
  | { type: "unwatch" }
  | { type: "call.invite"; call_id: string; to: string; offers: Envelope[] }
  | { type: "call.ringing"; call_id: string }
  | { type: "call.accept"; call_id: string; envelope?: Envelope }
  | { type: "call.decline"; call_id: string; reason?: "declined" | "busy" }
  | { type: "call.hangup"; call_id: string; reason?: string }
  | { type: "call.connected"; call_id: string }
  | { type: "signal"; envelope: Envelope };

/** Answers a ping. */
export interface Pong {
  type: "pong";
  id?: string;
  /** Milliseconds since 1970 on the server's clock. */
  server_time: number;
  /** When the server will end this connection, RFC 3339. */
  until: string;
  /** How the call stands that was held. */
  call?: Call;
}

/** Answers what has been done. */
export interface Ack {
  type: "ack";
  id?: string;
  call?: Call;
}

/** Answers a sync: my call, and what was said to this device in it. */
export interface Synced {
  type: "synced";
  id?: string;
  call: Call | null;
  offer: Envelope | null;
  envelopes: Envelope[];
  more: boolean;
}

/** Answers what cannot be done. */
export interface Refusal {
  type: "error";
  id?: string;
  code: string;
  detail?: string;
  retry_after?: number;
  call_id?: string;
}

/** Any answer. */
export type Reply = Pong | Ack | Synced | Refusal;

/** The answer that a frame gets if it is not refused. */
export type ReplyTo<Frame extends ClientFrame> = Frame extends { type: "ping" }
  ? Pong
  : Frame extends { type: "sync" }
    ? Synced
    : Ack;

/** What the server says of itself, by its type. */
export interface ServerEvents {
  "job": { job: Record<string, unknown> };
  "recording": { recording: Record<string, unknown> };
  "recording.deleted": { id: string };
  "ascii.frame": {
    job_id: string;
    frame_number: number;
    milliseconds: number;
    columns: number;
    rows: number;
    data: string;
  };
  "ascii.end": { job_id: string };
  "contact": { contact: Record<string, unknown> };
  "call.incoming": { call: Call; envelope: Envelope };
  "call.ringing": { call_id: string; device_id: string };
  "call.state": { call: Call };
  "signal": { envelope: Envelope };
  "device": { unique_id: string };
}

const EVENTS: ReadonlySet<string> = new Set<keyof ServerEvents>([
  "job",
  "recording",
  "recording.deleted",
  "ascii.frame",
  "ascii.end",
  "contact",
  "call.incoming",
  "call.ringing",
  "call.state",
  "signal",
  "device",
]);
const REPLIES: ReadonlySet<string> = new Set(["pong", "ack", "synced", "error"]);

/** Read what the server said; what is no JSON object, or of a type not known here, is null. */
export function read(text: string): ({ type: string; id?: string } & Record<string, unknown>) | null {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== "object" || said === null || !("type" in said) || typeof said.type !== "string") return null;
    return said as { type: string };
  } catch {
    return null;
  }
}

/** Tell whether a type is a reply's. */
export function isReply(said: { type: string }): said is Reply {
  return REPLIES.has(said.type);
}

/** Tell whether a type is an event's. */
export function isEvent(type: string): type is keyof ServerEvents {
  return EVENTS.has(type);
}
