/** Signed statements about the recording of a call: somebody asks for it, somebody agrees. */

import { b64, concat, isObject, readNumber, readObject, readText, unb64, unb64Exact, writeJson } from "./bytes.ts";
import type { Peer, Signed } from "./bundle.ts";
import { isSigned, sign, SIGNATURE_BYTES } from "./keys.ts";
import * as labels from "./labels.ts";
import { Refused } from "./refused.ts";

export type ConsentKind = "request" | "grant";
export type Statement = Signed;

/** What somebody stated. */
export interface Consent {
  readonly call: string;
  readonly kind: ConsentKind;
  /** Their number. */
  readonly by: string;
  readonly device: string;
  /** Which words they were shown. */
  readonly text: string;
  /** Milliseconds on the server's clock. */
  readonly at: number;
}

const LONGEST_BODY = 1024;

/** Sign a statement. */
export async function writeStatement(consent: Consent, identity: CryptoKeyPair): Promise<Statement> {
  const { call, kind, by, device, text, at } = consent;
  const body = writeJson({ v: 1, call, kind, by, device, text, at });
  return { b: b64(body), s: b64(await sign(identity, concat(labels.CONSENT, body))) };
}

/** Return what a device stated about this call; throws Refused `statement`. */
export async function verifyStatement(
  statement: unknown,
  peer: Peer,
  expected: { readonly call: string; readonly kind: ConsentKind },
): Promise<Consent> {
  const { body, signature, fields, at } = read(statement);
  if (!(await isSigned(peer.identityKey, signature, concat(labels.CONSENT, body)))) {
    throw new Refused("statement", "This statement is not signed by the device that it names.");
  }
  const consent = { ...expected, by: peer.uid, device: peer.id, text: labels.CONSENT_TEXT, at };
  if (!Object.entries(consent).every(([name, value]) => fields[name] === value)) {
    throw new Refused("statement", "This statement is about something else.");
  }
  return consent;
}

function read(statement: unknown) {
  try {
    if (!isObject(statement)) throw new TypeError("not an object");
    const body = unb64(statement["b"], LONGEST_BODY);
    const fields = readObject(body);
    if (fields["v"] !== 1) throw new TypeError("another version");
    for (const name of ["call", "kind", "by", "device", "text"]) readText(fields[name], 64);
    return { body, signature: unb64Exact(statement["s"], SIGNATURE_BYTES), fields, at: readNumber(fields["at"]) };
  } catch {
    throw new Refused("statement", "This statement cannot be understood.");
  }
}
