/**
 * Safety numbers: two people who read the same one to each other have nobody between them.
 *
 * The form is Signal's: `NumericFingerprintGenerator` of libsignal.
 */

import { type Bytes, compare, concat, utf8 } from "./bytes.ts";
import * as labels from "./labels.ts";

/** Somebody, by the identity keys of all devices. */
export interface Person {
  readonly uid: string;
  readonly identityKeys: readonly Uint8Array[];
}

const ROUNDS = 5200;
const GROUPS = 6;

/** Return sixty digits in twelve groups, the same whoever asks; throws RangeError where one has no device. */
export async function safetyNumber(a: Person, b: Person): Promise<string> {
  const digits = (await Promise.all([half(a), half(b)])).sort().join("");
  return digits.match(/.{5}/g)!.join(" ");
}

async function half(person: Person): Promise<string> {
  if (person.identityKeys.length === 0) throw new RangeError("a person without a device has no safety number");
  const seed = concat(labels.SAFETY_NUMBER, utf8(person.uid), ...[...person.identityKeys].sort(compare));
  let digest: Bytes = new Uint8Array();
  for (let round = 0; round < ROUNDS; round++) {
    digest = new Uint8Array(await crypto.subtle.digest("SHA-512", concat(digest, seed)));
  }
  return Array.from({ length: GROUPS }, (_, group) => chunk(digest, group * 5)).join("");
}

function chunk(digest: Bytes, start: number): string {
  const number = digest.subarray(start, start + 5).reduce((sum, byte) => sum * 256 + byte, 0);
  return String(number % 100_000).padStart(5, "0");
}
