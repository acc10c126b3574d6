/** Whose keys were seen first: a device keeps them for good, and a person's set of keys may not change unnoticed. */

import { b64, isSame, unb64Exact } from "./bytes.ts";
import type { Peer } from "./bundle.ts";
import { KEY_BYTES } from "./keys.ts";
import { Refused } from "./refused.ts";
import type { Person } from "./safety.ts";
import { keep, kept } from "./storage.ts";

/** What is new about somebody. */
export interface Sight {
  /** Nothing was known of this person: whoever they are is believed. */
  readonly isFirst: boolean;
  /** Devices that were not there last time; to be shown where the sight is not the first. */
  readonly added: readonly string[];
  readonly gone: readonly string[];
  /** They were verified, and are not any more. */
  readonly lostMark: boolean;
}

interface Known {
  /** Of every device that ever was there, as base64url. */
  keys: Record<string, string>;
  present: string[];
  verified: boolean;
}

/** What one client knows of others. */
export class Pins {
  readonly #people: Map<string, Known>;

  constructor(people: Readonly<Record<string, Known>> = {}) {
    this.#people = new Map(Object.entries(structuredClone(people)));
  }

  /** Return what this browser knows, as the person with this number. */
  static async load(ownUid: string): Promise<Pins> {
    return new Pins(((await kept("pins", ownUid)) ?? {}) as Record<string, Known>);
  }

  /** Keep it in this browser. */
  async save(ownUid: string): Promise<void> {
    await keep("pins", ownUid, Object.fromEntries(this.#people));
  }

  /**
   * Take note of all devices that somebody has now.
   *
   * Throws Refused `pin` where a device has another identity key than before, `bundle` where one is somebody else's;
   * nothing has changed then.
   */
  see(uid: string, peers: Iterable<Peer>): Sight {
    const before = this.#people.get(uid);
    const keys = agreeing(uid, peers, before?.keys ?? {});
    const [now, then] = [Object.keys(keys).sort(), before?.present ?? []];
    const [added, gone] = [now.filter((id) => !then.includes(id)), then.filter((id) => !now.includes(id))];
    const lostMark = (before?.verified ?? false) && added.length + gone.length > 0;
    this.#people.set(uid, {
      keys: { ...before?.keys, ...keys },
      present: now,
      verified: (before?.verified ?? false) && !lostMark,
    });
    return { isFirst: before === undefined, added, gone, lostMark };
  }

  /** Hold a device against its pin; throws Refused `pin` where it has none or another key. */
  check(peer: Peer): void {
    const known = this.#people.get(peer.uid);
    if (!known?.present.includes(peer.id) || known.keys[peer.id] !== b64(peer.identityKey)) {
      throw new Refused("pin", "This device is not one that is known of this person.");
    }
  }

  /** Return somebody by the keys of all present devices, for a safety number. */
  person(uid: string): Person {
    const { present, keys } = this.#people.get(uid) ?? { present: [], keys: {} as Record<string, string> };
    return { uid, identityKeys: present.map((id) => unb64Exact(keys[id], KEY_BYTES)) };
  }

  /** Remember that safety numbers were compared; throws RangeError where there is nobody to compare with. */
  markVerified(uid: string): void {
    const known = this.#people.get(uid);
    if (known === undefined || known.present.length === 0) throw new RangeError("nobody to compare with");
    known.verified = true;
  }

  /** Tell whether numbers were compared, and no key has come or gone since. */
  isVerified(uid: string): boolean {
    return this.#people.get(uid)?.verified ?? false;
  }
}

function agreeing(uid: string, peers: Iterable<Peer>, pinned: Readonly<Record<string, string>>): Record<string, string> {
  const keys: Record<string, string> = {};
  for (const peer of peers) {
    if (peer.uid !== uid) throw new Refused("bundle", "This device belongs to somebody else.");
    const expected = pinned[peer.id] ?? keys[peer.id];
    if (expected !== undefined && !isSame(unb64Exact(expected, KEY_BYTES), peer.identityKey)) {
      throw new Refused("pin", "This device has another identity key than before.");
    }
    keys[peer.id] = b64(peer.identityKey);
  }
  return keys;
}
