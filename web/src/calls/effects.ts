/** What a call's machine wants done, and what its two ends say to each other under seal. */
import type { Statement } from "../sealed/index.ts";
import type { CallStatus } from "../realtime/index.ts";

/** What is said about recording. */
export type RecordWord = "request" | "grant" | "deny" | "stop";

/** Sealed bodies by their types. */
export interface Bodies {
  offer: { sdp: string };
  answer: { sdp: string };
  ice: { candidates: (RTCIceCandidateInit | null)[] };
  negotiate: { sdp: string; kind: "offer" | "answer" };
  hangup: { reason: string };
  record: { kind: RecordWord; statement?: Statement };
}

/** The types of sealed messages. */
export type SignalType = keyof Bodies;

/** A message out of a sealed envelope: it is what its sender said. */
export type Said = { [Type in SignalType]: { type: Type; body: Bodies[Type] } }[SignalType];

/** What is to be said, to which device, under which number. */
export type Saying = Said & { to: string; seq: number };

/** How a call went, as far as this end knows; the server's word replaces ours when it comes. */
export interface Outcome {
  status: Exclude<CallStatus, "ringing" | "accepted" | "connected"> | "answered-elsewhere";
  reason: string | null;
}

/** What is to be done, in this order. */
export type Effect =
  /** Ring here, or let the caller hear that it rings there. */
  | { do: "ring" }
  | { do: "stop-ringing" }
  /** Ask the callee's devices; the offer is sealed for each. */
  | { do: "invite"; sdp: string }
  /** Say something to the server about the call. */
  | { do: "frame"; type: "call.ringing" | "call.connected" | "call.hangup"; reason?: string }
  | { do: "decline"; reason: "declined" | "busy" }
  | { do: "accept"; saying: Saying }
  | { do: "say"; saying: Saying }
  /** Ask the server how the call stands, and for what is missing. */
  | { do: "sync"; have: Record<string, number> }
  /** For the peer connection. */
  | { do: "make-offer"; restart: boolean }
  | { do: "take-offer"; sdp: string }
  | { do: "take-answer"; sdp: string }
  | { do: "take-candidates"; candidates: (RTCIceCandidateInit | null)[] }
  | { do: "close-peer" }
  /** For the people. */
  | { do: "record"; word: RecordWord; statement: Statement | null }
  | { do: "media"; state: MediaState }
  | { do: "glare"; callId: string }
  | { do: "over"; outcome: Outcome };

/** Whether the two hear each other. */
export type MediaState = "connecting" | "connected" | "reconnecting";
