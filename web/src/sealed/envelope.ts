/** Envelope v1 from outside: what everybody on its way can read, and what is signed. */

import { b64, type Bytes, concat, isObject, readNumber, readObject, readText, unb64, unb64Exact, writeJson } from "./bytes.ts";
import { sha256, SIGNATURE_BYTES } from "./keys.ts";
import * as labels from "./labels.ts";
import { Refused } from "./refused.ts";

/** A sealed message, as it travels. */
export interface Envelope {
  readonly v: 1;
  readonly p: string;
  readonly e: string;
  readonly s: string;
}

/** From whom to whom, and which of their messages; the server reads this too. The names are those of the wire. */
export interface Header {
  readonly call: string;
  readonly type: string;
  readonly from: string;
  readonly fd: string;
  readonly to: string;
  readonly td: string;
  readonly seq: number;
  /** Milliseconds on the server's clock. */
  readonly ts: number;
  readonly kid: string;
}

/** The three parts of an envelope, as bytes. */
export interface Wire {
  readonly header: Bytes;
  readonly sealed: Bytes;
  readonly signature: Bytes;
}

const LONGEST_HEADER = 1024;
/** Characters of `e`: a frame has no more. */
const LONGEST_SEALED = 32 * 1024;
const MOST_SEQ = 999;

/**
 * Read whom an envelope says to be from, so that the pinned key of that device can be found; nothing is verified.
 *
 * Throws Refused `version` or `malformed`.
 */
export function headerOf(envelope: unknown): Header {
  return readHeader(readWire(envelope).header);
}

/** Take an envelope apart; throws Refused `version` or `malformed`. */
export function readWire(envelope: unknown): Wire {
  if (!isObject(envelope) || envelope["v"] !== 1) {
    throw new Refused("version", "This message is sealed in a way that is not known here: a newer program reads it.");
  }
  return understood(() => ({
    header: unb64(envelope["p"], LONGEST_HEADER),
    sealed: unb64(envelope["e"], LONGEST_SEALED),
    signature: unb64Exact(envelope["s"], SIGNATURE_BYTES),
  }));
}

/** Read the bytes of a header; throws Refused `malformed`. */
export function readHeader(raw: Bytes): Header {
  return understood(() => {
    const fields = readObject(raw);
    return {
      call: readText(fields["call"], 64),
      type: readText(fields["type"], 32),
      from: readText(fields["from"], 64),
      fd: readText(fields["fd"], 64),
      to: readText(fields["to"], 64),
      td: readText(fields["td"], 64),
      seq: readNumber(fields["seq"], MOST_SEQ),
      ts: readNumber(fields["ts"]),
      kid: readText(fields["kid"], 64),
    };
  });
}

/** Write a header; throws RangeError where the other side would not read it. */
export function writeHeader(header: Header): Bytes {
  const raw = writeJson(header);
  try {
    readHeader(raw);
  } catch (error) {
    throw new RangeError("a header that nobody would read", { cause: error });
  }
  return raw;
}

/** Put an envelope together; throws RangeError where it is too long for a frame. */
export function writeWire(wire: Wire): Envelope {
  const envelope = { v: 1, p: b64(wire.header), e: b64(wire.sealed), s: b64(wire.signature) } as const;
  if (envelope.e.length > LONGEST_SEALED) throw new RangeError("too long for a frame");
  return envelope;
}

/** Return what the sender signs. */
export async function signedPart(header: Bytes, sealed: Bytes): Promise<Bytes> {
  return concat(labels.ENVELOPE, ...(await Promise.all([sha256(header), sha256(sealed)])));
}

function understood<T>(read: () => T): T {
  try {
    return read();
  } catch {
    throw new Refused("malformed", "This message cannot be understood.");
  }
}
