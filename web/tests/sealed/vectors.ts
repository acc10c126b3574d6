/** Runs the shared vectors: tests/sealed_vectors.json of the repository, where they are all explained. */

import { unb64Exact } from "../../src/sealed/bytes.ts";
import {
  type ConsentKind,
  Device,
  fingerprintOf,
  headerOf,
  type Peer,
  type Person,
  Pins,
  Refused,
  safetyNumber,
  verifyBundle,
  verifyStatement,
} from "../../src/sealed/index.ts";
import type vectorsFile from "../../../tests/sealed_vectors.json";

export type Vectors = typeof vectorsFile;
type KeptDevice = Vectors["devices"][number];

/** One vector, by its name; it throws where it does not hold. */
export interface Check {
  readonly name: string;
  run(): Promise<void>;
}

/** Return all vectors as checks. */
export function checksOf(vectors: Vectors): Check[] {
  const kept = new Map(vectors.devices.map((device) => [device.name, device]));
  const deviceOf = (name: string) => rebuilt(kept.get(name)!, vectors["issued at"]);
  const peerOf = (name: string) => verifyBundle(kept.get(name)!.bundle);
  const personOf = async (names: readonly string[]): Promise<Person> => {
    const peers = await Promise.all(names.map(peerOf));
    return { uid: peers[0]!.uid, identityKeys: peers.map((peer) => peer.identityKey) };
  };
  const { call, now } = vectors;
  return [
    ...vectors.devices.map((one) =>
      check(`device: ${one.name}`, async () => {
        const device = await deviceOf(one.name);
        same(device.bundle, one.bundle);
        same(device.peer, await peerOf(one.name));
        same([device.uid, device.id, device.peer.keyId], [one.uid, one.id, one["key id"]]);
      }),
    ),
    ...vectors.honest.map((one) =>
      check(`honest: ${one.name}`, async () => {
        const [device, sender] = [await deviceOf(vectors.to), await peerOf(vectors.from)];
        const opened = await device.open(sender, one.envelope, { call, type: one.type }, now);
        same(opened, { header: one.header, body: one.body });
        same(headerOf(one.envelope), one.header);
      }),
    ),
    ...vectors.accepted.map((one) =>
      check(`accepted: ${one.name}`, async () => {
        const device = await deviceOf(vectors.to);
        for (const envelope of one.envelopes) {
          const header = headerOf(envelope);
          const sender = vectors.devices.find((other) => other.uid === header.from && other.id === header.fd)!;
          const opened = await device.open(await peerOf(sender.name), envelope, { call: header.call }, one.now);
          same(opened.body, { candidates: [null] });
        }
      }),
    ),
    ...vectors.refused.map((one) =>
      check(`refused: ${one.name}`, async () => {
        const [device, sender] = [await deviceOf(one.opener), await peerOf(one.sender)];
        for (const envelope of one.before) await device.open(sender, envelope, { call }, one.now);
        await refuses(one.code, () => device.open(sender, one.envelope, one.expected, one.now));
      }),
    ),
    ...vectors["forged bundles"].map((one) =>
      check(`forged bundle: ${one.name}`, () => refuses("bundle", () => verifyBundle(one.bundle))),
    ),
    ...vectors.statements.accepted.map((one) =>
      check(`statement: ${one.kind}`, async () => {
        const about = { call, kind: one.kind as ConsentKind };
        same((await verifyStatement(one.statement, await peerOf(one.by), about)).at, one.at);
        same(await (await deviceOf(one.by)).consent(about.kind, call, one.at), one.statement);
      }),
    ),
    ...vectors.statements.refused.map((one) =>
      check(`wrong statement: ${one.name}`, async () => {
        const [peer, about] = [await peerOf(one.by), { call, kind: one.kind as ConsentKind }];
        await refuses("statement", () => verifyStatement(one.statement, peer, about));
      }),
    ),
    ...vectors["safety numbers"].map((one) =>
      check(`safety number: ${one.a.join()}; ${one.b.join()}`, async () => {
        const [a, b] = [await personOf(one.a), await personOf(one.b)];
        same([await safetyNumber(a, b), await safetyNumber(b, a)], [one.number, one.number]);
      }),
    ),
    ...vectors.fingerprints.accepted.map((one, at) =>
      check(`fingerprint ${at}`, async () => same(fingerprintOf(one.sdp), one.fingerprint)),
    ),
    ...vectors.fingerprints.refused.map((one) =>
      check(`no fingerprint: ${one.name}`, () => refuses("fingerprint", async () => fingerprintOf(one.sdp))),
    ),
    ...vectors.pins.map((one) => check(`pins: ${one.name}`, () => told(one))),
  ];
}

async function told(story: Vectors["pins"][number]): Promise<void> {
  const [pins, uid] = [new Pins(), story.uid];
  for (const step of story.steps as readonly Step[]) {
    const peers: Peer[] = await Promise.all(step.bundles.map(verifyBundle));
    if (step.code !== undefined) {
      await refuses(step.code, async () => pins.see(uid, peers));
    } else {
      const { isFirst, added, gone, lostMark } = pins.see(uid, peers);
      same({ is_first: isFirst, added, gone, lost_mark: lostMark }, step.sight);
    }
    if (step.verify) pins.markVerified(uid);
    if (step.verified !== undefined) same(pins.isVerified(uid), step.verified);
  }
}

interface Step {
  readonly bundles: readonly unknown[];
  readonly code?: string;
  readonly sight?: unknown;
  readonly verify?: boolean;
  readonly verified?: boolean;
}

/** Make a device of the keys of a vector: they may be taken out, as their like may not. */
async function rebuilt(kept: KeptDevice, issuedAt: number): Promise<Device> {
  const keys = {
    identity: await pair("Ed25519", kept.identity, ["sign"], ["verify"]),
    exchange: await pair("X25519", kept.exchange, ["deriveBits"], []),
  };
  return Device.of(kept.uid, kept.id, keys, issuedAt);
}

async function pair(
  algorithm: "Ed25519" | "X25519",
  key: { readonly private: string; readonly public: string },
  privateUsages: KeyUsage[],
  publicUsages: KeyUsage[],
): Promise<CryptoKeyPair> {
  const jwk = { kty: "OKP", crv: algorithm, x: key.public, d: key.private };
  return {
    privateKey: await crypto.subtle.importKey("jwk", jwk, algorithm, false, privateUsages),
    publicKey: await crypto.subtle.importKey("raw", unb64Exact(key.public, 32), algorithm, true, publicUsages),
  };
}

function check(name: string, run: () => Promise<void>): Check {
  return { name, run };
}

async function refuses(code: string, act: () => Promise<unknown>): Promise<void> {
  let outcome = "it was accepted";
  try {
    await act();
  } catch (error) {
    outcome = error instanceof Refused ? error.code : String(error);
  }
  same(outcome, code);
}

function same(found: unknown, expected: unknown): void {
  const [a, b] = [canonical(found), canonical(expected)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
