/** What a test does with sealed messages from outside, in a page or in Node: everything that passes is JSON. */

import vectors from "../../../tests/sealed_vectors.json";
import { type Bundle, Device, type Envelope, Pins, Refused, safetyNumber, verifyBundle } from "../../src/sealed/index.ts";
import { checksOf } from "./vectors.ts";

/** Run the shared vectors; returns how many there are, and what is wrong. */
async function runVectors(): Promise<{ count: number; faults: string[] }> {
  const [checks, faults] = [checksOf(vectors), [] as string[]];
  for (const check of checks) await check.run().catch((error: unknown) => faults.push(`${check.name}: ${String(error)}`));
  return { count: checks.length, faults };
}

let device: Device | undefined;

/** Make a device; returns its bundle. */
async function create(uid: string): Promise<Bundle> {
  device = await Device.create(uid);
  return device.bundle;
}

/** Take up the device that this browser keeps; returns its bundle. */
async function load(uid: string): Promise<Bundle | null> {
  device = await Device.load(uid);
  return device?.bundle ?? null;
}

function current(): Device {
  if (device === undefined) throw new Error("there is no device yet");
  return device;
}

/** Seal for whoever a bundle is of. */
async function seal(to: Bundle, about: { call: string; type: string; seq: number }, body: unknown): Promise<Envelope> {
  return current().seal(await verifyBundle(to), about, body);
}

/** Open what is from whoever a bundle is of; returns the body, or the code of the refusal. */
async function open(from: Bundle, envelope: unknown, call: string): Promise<{ body: unknown } | { code: string }> {
  try {
    return { body: (await current().open(await verifyBundle(from), envelope, { call })).body };
  } catch (error) {
    if (error instanceof Refused) return { code: error.code };
    throw error;
  }
}

/** Open the same envelope twice at once; returns how each ended. */
async function openTwice(from: Bundle, envelope: unknown, call: string) {
  return Promise.all([open(from, envelope, call), open(from, envelope, call)]);
}

/** Try to take out the keys that IndexedDB keeps; returns how many there are, and how many can be taken out. */
async function takeOut(uid: string): Promise<{ keys: number; taken: number }> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open("parley-sealed");
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const kept = await new Promise<Record<string, CryptoKeyPair>>((resolve, reject) => {
    const request = database.transaction("devices").objectStore("devices").get(uid);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  database.close();
  const keys = ["identity", "exchange"].map((name) => kept[name]!.privateKey);
  const tries = keys.flatMap((key) => (["jwk", "pkcs8"] as const).map((format) => crypto.subtle.exportKey(format, key)));
  const outcomes = await Promise.allSettled(tries);
  return { keys: keys.length, taken: outcomes.filter((outcome) => outcome.status === "fulfilled").length };
}

/** Take note of somebody's devices, and keep it; returns whether this person is verified, and the safety number. */
async function meet(ownUid: string, bundles: Bundle[], verify: boolean): Promise<{ verified: boolean; number: string }> {
  const [pins, peers] = [await Pins.load(ownUid), await Promise.all(bundles.map(verifyBundle))];
  const uid = peers[0]!.uid;
  pins.see(uid, peers);
  if (verify) pins.markVerified(uid);
  await pins.save(ownUid);
  const own = { uid: ownUid, identityKeys: [current().peer.identityKey] };
  return { verified: pins.isVerified(uid), number: await safetyNumber(own, pins.person(uid)) };
}

/** Measure sealing and opening an offer of usual length; milliseconds each. */
async function measure(rounds: number): Promise<{ seal: number; open: number }> {
  const [sender, receiver] = [await Device.create("12345678"), await Device.create("87654321")];
  const [call, body, envelopes] = ["call_1", { sdp: "x".repeat(1300) }, [] as Envelope[]];
  const start = performance.now();
  for (let seq = 0; seq < rounds; seq++) envelopes.push(await sender.seal(receiver.peer, { call, type: "offer", seq }, body));
  const sealed = performance.now();
  for (const envelope of envelopes) await receiver.open(sender.peer, envelope, { call });
  return { seal: (sealed - start) / rounds, open: (performance.now() - sealed) / rounds };
}

const save = () => current().save();
const remove = (uid: string) => Device.remove(uid);
const sealing = { runVectors, create, save, load, remove, seal, open, openTwice, takeOut, meet, measure };
Object.assign(globalThis, { sealing });
