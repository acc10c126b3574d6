/** Reads what a sealed message says: its sender is known, but may send anything. */
import type { Bodies, RecordWord, Said, SignalType } from "./effects.ts";

const WORDS: ReadonlySet<unknown> = new Set<RecordWord>(["request", "grant", "deny", "stop"]);

/** What the server takes as a reason. */
const REASON = /^[a-z][a-z0-9-]{0,31}$/;

/** Ways to be reached that are looked at, of one message. */
const MOST_CANDIDATES = 100;

type Readers = { [Type in SignalType]: (body: Record<string, unknown>) => Bodies[Type] | null };

const READERS: Readers = {
  offer: ({ sdp }) => (typeof sdp === "string" ? { sdp } : null),
  answer: ({ sdp }) => (typeof sdp === "string" ? { sdp } : null),
  ice: ({ candidates }) => (Array.isArray(candidates) ? { candidates: candidates.slice(0, MOST_CANDIDATES).filter(isCandidate) } : null),
  negotiate: ({ sdp, kind }) =>
    typeof sdp === "string" && (kind === "offer" || kind === "answer") ? { sdp, kind } : null,
  hangup: ({ reason }) => ({ reason: typeof reason === "string" && REASON.test(reason) ? reason : "hangup" }),
  record: ({ kind, statement }) => {
    if (!WORDS.has(kind)) return null;
    const word = kind as RecordWord;
    return isStatement(statement) ? { kind: word, statement } : { kind: word };
  },
};

/** Return what was said; null where it is nothing that this version knows. */
export function readSaid(type: string, body: unknown): Said | null {
  if (!Object.hasOwn(READERS, type) || typeof body !== "object" || body === null) return null;
  const read = READERS[type as SignalType](body as Record<string, unknown>);
  return read === null ? null : ({ type, body: read } as Said);
}

function isCandidate(one: unknown): one is RTCIceCandidateInit | null {
  return one === null || (typeof one === "object" && "candidate" in one && typeof one.candidate === "string");
}

function isStatement(one: unknown): one is { b: string; s: string } {
  return typeof one === "object" && one !== null && "b" in one && "s" in one && typeof one.b === "string" && typeof one.s === "string";
}
