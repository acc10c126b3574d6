/** The DTLS fingerprint of a session description (RFC 8122 section 5): what ties the media to the seal. */

import { Refused } from "./refused.ts";

const LINE = /^a=fingerprint:([!-~]+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)$/;
const SHA_256 = "sha-256";
/** Hashes that may stand there; a weaker one would let another certificate in. */
const BYTES: Readonly<Record<string, number>> = { [SHA_256]: 32, "sha-384": 48, "sha-512": 64 };

/** Return the one SHA-256 fingerprint of all media; throws Refused `fingerprint`. */
export function fingerprintOf(sdp: unknown): string {
  if (typeof sdp !== "string") throw new Refused("fingerprint", "This is no description of a session.");
  const found = new Map<string, Set<string>>();
  for (const line of sdp.split("\n")) {
    if (!line.trimStart().toLowerCase().startsWith("a=fingerprint")) continue;
    const [name, value] = read(line.replace(/\r$/, ""));
    found.set(name, (found.get(name) ?? new Set()).add(value));
  }
  const fingerprint = found.get(SHA_256)?.values().next().value;
  if (fingerprint === undefined || [...found.values()].some((values) => values.size !== 1)) {
    throw new Refused("fingerprint", "This description has not exactly one SHA-256 fingerprint.");
  }
  return fingerprint;
}

function read(line: string): [name: string, value: string] {
  const match = LINE.exec(line);
  if (match === null) {
    throw new Refused("fingerprint", "This description has a fingerprint that cannot be understood.");
  }
  const [name, value] = [match[1]!.toLowerCase(), match[2]!.toUpperCase()];
  if (!Object.hasOwn(BYTES, name) || value.length !== BYTES[name]! * 3 - 1) {
    throw new Refused("fingerprint", "This description has a fingerprint by a hash that is not strong enough.");
  }
  return [name, value];
}
