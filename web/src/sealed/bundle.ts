/** Device bundles: the public keys of a device, signed by itself. */

import { b64, type Bytes, concat, isObject, readNumber, readObject, readText, unb64, unb64Exact, writeJson } from "./bytes.ts";
import { isExchangeKey, isIdentityKey, isSigned, KEY_BYTES, keyIdOf, sign, SIGNATURE_BYTES } from "./keys.ts";
import * as labels from "./labels.ts";
import { Refused } from "./refused.ts";

/** Something signed: the bytes of JSON, and the signature. */
export interface Signed {
  readonly b: string;
  readonly s: string;
}

export type Bundle = Signed;

/** A device as others see it. */
export interface Peer {
  readonly uid: string;
  readonly id: string;
  /** Ed25519. */
  readonly identityKey: Bytes;
  /** X25519. */
  readonly exchangeKey: Bytes;
  /** Names the exchange key in a header. */
  readonly keyId: string;
}

/** Characters of `b`: an honest one has about 280. */
const LONGEST_BODY = 1024;
/** The year 2100, in seconds. */
const LATEST = 4_102_444_800;

/** Tell whether a text is `dev_<ULID>`. */
export function isDeviceId(text: string): boolean {
  return /^dev_[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text);
}

/** Tell whether a text is a person's number. */
export function isUid(text: string): boolean {
  return /^[0-9]{8}$/.test(text);
}

/** Make the bundle of a device of one's own, at a moment in seconds. */
export async function writeBundle(peer: Peer, identity: CryptoKeyPair, issuedAt: number): Promise<Bundle> {
  const body = writeJson({
    v: 1,
    uid: peer.uid,
    dev: peer.id,
    ik: b64(peer.identityKey),
    dh: b64(peer.exchangeKey),
    iat: issuedAt,
  });
  return { b: b64(body), s: b64(await sign(identity, concat(labels.BUNDLE, body))) };
}

/**
 * Return the device that a bundle is of; throws Refused `bundle`.
 *
 * Whether the device is who it says to be, only its pin or a compared safety number tells.
 */
export async function verifyBundle(bundle: unknown): Promise<Peer> {
  const { body, signature, peer } = await read(bundle).catch(() => {
    throw new Refused("bundle", "The keys of this device cannot be understood.");
  });
  if (!(await isSigned(peer.identityKey, signature, concat(labels.BUNDLE, body)))) {
    throw new Refused("bundle", "The keys of this device are not signed by it.");
  }
  return peer;
}

async function read(bundle: unknown): Promise<{ body: Bytes; signature: Bytes; peer: Peer }> {
  if (!isObject(bundle)) throw new TypeError("not an object");
  const body = unb64(bundle["b"], LONGEST_BODY);
  const signature = unb64Exact(bundle["s"], SIGNATURE_BYTES);
  const fields = readObject(body);
  const [uid, id] = [readText(fields["uid"], 64), readText(fields["dev"], 64)];
  const [identityKey, exchangeKey] = [unb64Exact(fields["ik"], KEY_BYTES), unb64Exact(fields["dh"], KEY_BYTES)];
  readNumber(fields["iat"], LATEST);
  if (fields["v"] !== 1 || !isUid(uid) || !isDeviceId(id)) throw new TypeError("another version, or nobody's id");
  if (!isIdentityKey(identityKey) || !isExchangeKey(exchangeKey)) throw new TypeError("a key that hides nothing");
  return { body, signature, peer: { uid, id, identityKey, exchangeKey, keyId: await keyIdOf(exchangeKey) } };
}
