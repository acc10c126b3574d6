/** HPKE in base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; no aad. */

import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";

import { type Bytes, concat } from "./bytes.ts";

const ENCAPSULATED_BYTES = 32;
const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Seal bytes for the owner of an exchange key; returns the encapsulated key and the ciphertext. */
export async function sealTo(exchangeKey: Bytes, info: Bytes, content: Bytes): Promise<Bytes> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(exchangeKey);
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, content);
  return concat(new Uint8Array(enc), new Uint8Array(ct));
}

/** Open what was sealed for a key of one's own; throws. */
export async function openWith(exchange: CryptoKeyPair, info: Bytes, sealed: Bytes): Promise<Bytes> {
  const enc = sealed.slice(0, ENCAPSULATED_BYTES);
  const content = await suite.open({ recipientKey: exchange, enc, info }, sealed.slice(ENCAPSULATED_BYTES));
  return new Uint8Array(content);
}
