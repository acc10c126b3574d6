/** A device of one's own: it has the private keys, seals and opens. */

import { type Bytes, concat, isSame, readJson, writeJson } from "./bytes.ts";
import { type Bundle, isDeviceId, isUid, type Peer, verifyBundle, writeBundle } from "./bundle.ts";
import { type ConsentKind, type Statement, writeStatement } from "./consent.ts";
import { type Envelope, type Header, readHeader, readWire, signedPart, type Wire, writeHeader, writeWire } from "./envelope.ts";
import { openWith, sealTo } from "./hpke.ts";
import { isSigned, keyIdOf, type KeyPairs, newKeyPairs, rawKey, sign } from "./keys.ts";
import * as labels from "./labels.ts";
import { Refused } from "./refused.ts";
import { MOST_APART_MS, Replays } from "./replays.ts";
import { drop, keep, kept } from "./storage.ts";
import { newId } from "./ulids.ts";

/** What was in an envelope, and what stood on it. */
export interface Opened {
  readonly header: Header;
  readonly body: unknown;
}

interface Kept extends KeyPairs {
  readonly bundle: Bundle;
}

/** One client with keys of its own. */
export class Device {
  readonly #keys: KeyPairs;
  readonly #replays = new Replays();

  private constructor(
    /** Itself, as others see it. */
    readonly peer: Peer,
    /** Public; what the server is given. */
    readonly bundle: Bundle,
    keys: KeyPairs,
  ) {
    this.#keys = keys;
  }

  /** Whose it is. */
  get uid(): string {
    return this.peer.uid;
  }

  /** Its name. */
  get id(): string {
    return this.peer.id;
  }

  /** Make a device with new keys that cannot be taken out of the browser; throws RangeError on an id without form. */
  static async create(uid: string, id: string = newId("dev")): Promise<Device> {
    return Device.of(uid, id, await newKeyPairs(), Math.floor(Date.now() / 1000));
  }

  /** Make a device of keys that are there already, at a moment in seconds. */
  static async of(uid: string, id: string, keys: KeyPairs, issuedAt: number): Promise<Device> {
    if (!isUid(uid) || !isDeviceId(id)) {
      throw new RangeError("a device belongs to eight digits and is named dev_<ULID>");
    }
    const exchangeKey = await rawKey(keys.exchange.publicKey);
    const identityKey = await rawKey(keys.identity.publicKey);
    const peer = { uid, id, identityKey, exchangeKey, keyId: await keyIdOf(exchangeKey) };
    return new Device(peer, await writeBundle(peer, keys.identity, issuedAt), keys);
  }

  /** Return the device that this browser has for a person, if any; throws Refused `bundle` where it is damaged. */
  static async load(uid: string): Promise<Device | undefined> {
    const found = (await kept("devices", uid)) as Kept | undefined;
    if (found === undefined) return undefined;
    const { bundle, identity, exchange } = found;
    const peer = await verifyBundle(bundle);
    const [identityKey, exchangeKey] = await Promise.all([rawKey(identity.publicKey), rawKey(exchange.publicKey)]);
    if (peer.uid !== uid || !isSame(identityKey, peer.identityKey) || !isSame(exchangeKey, peer.exchangeKey)) {
      throw new Refused("bundle", "The bundle is not of these keys.");
    }
    return new Device(peer, bundle, { identity, exchange });
  }

  /** Forget the device that this browser has for a person: nothing sealed for it can be opened any more. */
  static async remove(uid: string): Promise<void> {
    await drop("devices", uid);
  }

  /** Keep the device in this browser, in the place of any other of the same person. */
  async save(): Promise<void> {
    const { identity, exchange } = this.#keys;
    const content: Kept = { bundle: this.bundle, identity, exchange };
    await keep("devices", this.uid, content);
  }

  /**
   * Seal a message for one device; `now` is milliseconds on the server's clock.
   *
   * Throws RangeError where the message is too long for a frame, TypeError where it is no JSON.
   */
  async seal(
    to: Peer,
    about: { readonly call: string; readonly type: string; readonly seq: number },
    body: unknown,
    now: number = Date.now(),
  ): Promise<Envelope> {
    const { call, type, seq } = about;
    const [from, fd, ts] = [this.uid, this.id, Math.round(now)];
    const header = writeHeader({ call, type, from, fd, to: to.uid, td: to.id, seq, ts, kid: to.keyId });
    const sealed = await sealTo(to.exchangeKey, concat(labels.ENVELOPE, header), writeJson(body));
    const signature = await sign(this.#keys.identity, await signedPart(header, sealed));
    return writeWire({ header, sealed, signature });
  }

  /**
   * Open what a device sent to this one about a call; `from` has the pinned keys of the sender.
   *
   * Throws Refused version, malformed, signature, addressing, unexpected, stale, replay or sealed: in this order.
   */
  async open(
    from: Peer,
    envelope: unknown,
    expected: { readonly call: string; readonly type?: string | undefined },
    now: number = Date.now(),
  ): Promise<Opened> {
    const wire = readWire(envelope);
    if (!(await isSigned(from.identityKey, wire.signature, await signedPart(wire.header, wire.sealed)))) {
      throw new Refused("signature", "This message is not signed by the device that it should be from.");
    }
    const header = readHeader(wire.header);
    this.#check(header, from, expected, now);
    if (!this.#replays.claim(header.call, header.fd, header.seq, now)) {
      throw new Refused("replay", "This message came already.");
    }
    return { header, body: await this.#unsealed(wire) };
  }

  /** Sign that its owner asks to record a call, or agrees to it, at a moment in milliseconds. */
  async consent(kind: ConsentKind, call: string, at: number): Promise<Statement> {
    const consent = { call, kind, by: this.uid, device: this.id, text: labels.CONSENT_TEXT, at: Math.round(at) };
    return writeStatement(consent, this.#keys.identity);
  }

  #check(header: Header, from: Peer, expected: { call: string; type?: string | undefined }, now: number): void {
    const isFrom = header.from === from.uid && header.fd === from.id;
    if (!isFrom || header.to !== this.uid || header.td !== this.id || header.kid !== this.peer.keyId) {
      throw new Refused("addressing", "This message is from or for somebody else.");
    }
    if (header.call !== expected.call || (expected.type !== undefined && header.type !== expected.type)) {
      throw new Refused("unexpected", "This message is of another call or kind than it was sent as.");
    }
    // Not `>`: a clock that is no number must not let everything in.
    if (!(Math.abs(header.ts - now) <= MOST_APART_MS)) {
      throw new Refused("stale", "This message is too old, or a clock is wrong.");
    }
  }

  async #unsealed(wire: Wire): Promise<unknown> {
    try {
      const content: Bytes = await openWith(this.#keys.exchange, concat(labels.ENVELOPE, wire.header), wire.sealed);
      return readJson(content);
    } catch {
      throw new Refused("sealed", "This message cannot be opened with the key of this device.");
    }
  }
}
