/** The two kinds of keys: Ed25519 signs (RFC 8032), X25519 agrees (RFC 7748). */

import { b64, type Bytes } from "./bytes.ts";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The keys of a device of one's own; the private ones cannot be taken out of the browser. */
export interface KeyPairs {
  readonly identity: CryptoKeyPair;
  readonly exchange: CryptoKeyPair;
}

const P = 2n ** 255n - 19n;

/** y of the points whose order divides 8, and the same written above p: under them anybody can sign. */
const LOW_ORDER_IDENTITIES: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  P,
  P + 1n,
  0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n,
]);

/** u of the points whose order divides 8: what is agreed with them is zero, and no secret (RFC 7748 section 6.1). */
const LOW_ORDER_EXCHANGES: ReadonlySet<bigint> = new Set([
  0n,
  1n,
  P - 1n,
  P,
  P + 1n,
  0x00b8495f16056286fdb1329ceb8d09da6ac49ff1fae35616aeb8413b7c7aebe0n,
  0x57119fd0dd4e22d8868e1c58c45c44045bef839c55b1d0b1248c50a3bc959c5fn,
]);

/** Tell whether bytes can be somebody's Ed25519 key. */
export function isIdentityKey(raw: Uint8Array): boolean {
  return raw.length === KEY_BYTES && !LOW_ORDER_IDENTITIES.has(withoutTopBit(raw));
}

/** Tell whether bytes can be somebody's X25519 key. */
export function isExchangeKey(raw: Uint8Array): boolean {
  return raw.length === KEY_BYTES && !LOW_ORDER_EXCHANGES.has(withoutTopBit(raw));
}

/** Make new keys; the private ones cannot be taken out. */
export async function newKeyPairs(): Promise<KeyPairs> {
  const [identity, exchange] = await Promise.all([
    crypto.subtle.generateKey({ name: "Ed25519" }, false, ["sign", "verify"]),
    crypto.subtle.generateKey({ name: "X25519" }, false, ["deriveBits"]),
  ]);
  return { identity: identity as CryptoKeyPair, exchange: exchange as CryptoKeyPair };
}

/** Return the bytes of a public key. */
export async function rawKey(key: CryptoKey): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.exportKey("raw", key));
}

/** Return how a header names an exchange key. */
export async function keyIdOf(exchangeKey: Bytes): Promise<string> {
  return b64((await sha256(exchangeKey)).slice(0, 8));
}

/** Hash bytes. */
export async function sha256(content: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", content));
}

/** Sign bytes. */
export async function sign(identity: CryptoKeyPair, content: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign("Ed25519", identity.privateKey, content));
}

/** Tell whether the owner of a key signed this. */
export async function isSigned(identityKey: Bytes, signature: Bytes, content: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", identityKey, "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", key, signature, content);
  } catch {
    return false; // bytes that are no point on the curve: some say so when they are read, some when they are used
  }
}

function withoutTopBit(raw: Uint8Array): bigint {
  const number = raw.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  return BigInt.asUintN(255, number);
}
