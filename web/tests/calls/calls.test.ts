/** Calls with real seals, pretended media and a server that says what a test has it say. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { Calls, type LiveCall, type Slices } from "../../src/calls/index.ts";
import { Api, Realtime, type Call, type Envelope } from "../../src/realtime/index.ts";
import { Device, newId, Pins } from "../../src/sealed/index.ts";
import { pretendedSockets, PretendedWorld, settled, type ServerSocket } from "../realtime/pretended-world.ts";
import { sdpOf } from "./pretended-call.ts";

const ANNA = "11111111";
const BORIS = "22222222";
const NOTHING = { type: "synced", call: null, offer: null, envelopes: [], more: false };

class ForgetfulPins extends Pins {
  override save(): Promise<void> {
    return Promise.resolve();
  }
}

class PretendedConnection {
  static made: PretendedConnection[] = [];
  connectionState = "new";
  isClosed = false;
  readonly remote: string[] = [];
  readonly candidates: unknown[] = [];
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  ontrack = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor(readonly configuration: RTCConfiguration) {
    PretendedConnection.made.push(this);
  }

  addTrack(): void {}
  setConfiguration(): void {}
  restartIce(): void {}

  createOffer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "offer", sdp: sdpOf("dev_O") });
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return Promise.resolve({ type: "answer", sdp: sdpOf("dev_A") });
  }

  setLocalDescription(): Promise<void> {
    this.onicecandidate?.({ candidate: { toJSON: () => ({ candidate: "mine" }) } });
    return Promise.resolve();
  }

  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    this.remote.push(description.sdp ?? "");
    return Promise.resolve();
  }

  addIceCandidate(candidate: unknown): Promise<void> {
    this.candidates.push(candidate);
    return Promise.resolve();
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** Crypto takes real turns of the loop, not only promises. */
async function until<Found>(look: () => Found | null | undefined | false): Promise<Found> {
  for (const end = performance.now() + 20_000; performance.now() < end; ) {
    const found = look();
    if (found !== null && found !== undefined && found !== false) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error("it does not happen");
}

async function aHouse() {
  PretendedConnection.made = [];
  const world = new PretendedWorld();
  const { open, sockets } = pretendedSockets();
  const [mine, theirs] = await Promise.all([Device.create(BORIS), Device.create(ANNA)]);
  const devices: Record<string, Device[]> = { [ANNA]: [theirs], [BORIS]: [mine] };
  const answers: Record<string, () => unknown> = { "/v1/ice-servers": () => ({ iceServers: [], iceTransportPolicy: "all" }) };
  for (const uid of [ANNA, BORIS]) {
    answers[`/v1/users/${uid}/devices`] = () => ({ items: devices[uid]?.map(({ id, bundle }) => ({ id, bundle })) });
  }
  const fetcher = (url: string | URL | Request) => Promise.resolve(Response.json(answers[String(url).replace("https://parley.example", "")]?.() ?? {}));
  const api = new Api("https://parley.example", () => "token", fetcher as typeof fetch);
  const getTicket = () => Promise.resolve({ ticket: "t", url: "wss://parley.example/ws" });
  const realtime = new Realtime({ getTicket, open, outside: world });
  let isListening = false;
  const track = { enabled: true, stop: () => void (isListening = false) };
  const calls = new Calls({
    realtime,
    api,
    device: mine,
    pins: new ForgetfulPins(),
    ownName: "Boris",
    microphone: () => {
      isListening = true;
      return Promise.resolve({ getAudioTracks: () => [track], getTracks: () => [track] } as unknown as MediaStream);
    },
    connect: (configuration) => new PretendedConnection(configuration) as unknown as RTCPeerConnection,
    slices: {} as Slices,
    outside: world,
  });
  realtime.start();
  await settled();
  const socket = sockets[0] as ServerSocket;
  socket.hears.opened();
  socket.answer("sync", NOTHING);
  socket.answer("ping", { type: "pong", server_time: world.now(), until: new Date(world.now() + 7_200_000).toISOString() });
  const heard = { incoming: [] as LiveCall[], refused: [] as string[] };
  calls.on("incoming", ({ call }) => heard.incoming.push(call));
  calls.on("refused", ({ code }) => heard.refused.push(code));
  return { world, socket, calls, mine, theirs, devices, heard, isListening: () => isListening };
}

type House = Awaited<ReturnType<typeof aHouse>>;

function aCall({ world, theirs, mine }: House, change: Partial<Call> = {}): Call {
  const call: Call = {
    id: newId("call"),
    status: "ringing",
    version: 1,
    caller: ANNA,
    callee: mine.uid,
    caller_device: theirs.id,
    callee_device: null,
    reason: null,
    created_at: new Date(world.now()).toISOString(),
    ring_until: new Date(world.now() + 45_000).toISOString(),
    answered_at: null,
    connected_at: null,
    ended_at: null,
  };
  return { ...call, ...change };
}

function anOffer(house: House, call: Call, from: Device = house.theirs): Promise<Envelope> {
  return from.seal(house.mine.peer, { call: call.id, type: "offer", seq: 0 }, { sdp: sdpOf("dev_O") }, house.world.now());
}

async function ringing(house: House): Promise<{ call: Call; live: LiveCall }> {
  const call = aCall(house);
  house.socket.say({ type: "call.incoming", call, envelope: await anOffer(house, call) });
  const live = await until(() => house.heard.incoming[0]);
  return { call, live };
}

test("a call that rings opens neither the microphone nor a connection", async () => {
  const house = await aHouse();
  const { live } = await ringing(house);

  await live.mute(true);
  await until(() => house.socket.frames.some((frame) => frame["type"] === "call.ringing"));

  assert.deepEqual([live.phase, house.isListening(), PretendedConnection.made.length], ["ringing", false, 0]);
});

test("an accepted call is answered under seal, and candidates follow once the server has agreed", async () => {
  const house = await aHouse();
  const { call, live } = await ringing(house);
  live.accept();
  const accept = await until(() => house.socket.frames.find((frame) => frame["type"] === "call.accept"));
  await house.world.pass(1_000);
  const early = house.socket.frames.filter((frame) => frame["type"] === "signal").length;
  house.socket.say({ type: "ack", id: accept["id"], call: { ...call, status: "accepted", version: 2, callee_device: house.mine.id } });
  const signal = await until(() => house.socket.frames.find((frame) => frame["type"] === "signal"));

  const expected = { call: call.id };
  const now = house.world.now();
  const answer = await house.theirs.open(house.mine.peer, accept["envelope"], expected, now);
  const ice = await house.theirs.open(house.mine.peer, signal["envelope"], expected, now);

  assert.equal(early, 0);
  assert.deepEqual([answer.header.type, answer.header.seq, answer.body], ["answer", 0, { sdp: sdpOf("dev_A") }]);
  assert.deepEqual([ice.header.type, ice.header.seq, ice.body], ["ice", 1, { candidates: [{ candidate: "mine" }] }]);
  assert.deepEqual(PretendedConnection.made.map((one) => one.remote), [[sdpOf("dev_O")]]);
});

test("a call ends with its microphone and its connection closed", async () => {
  const house = await aHouse();
  const { call, live } = await ringing(house);
  live.accept();
  const accept = await until(() => house.socket.frames.find((frame) => frame["type"] === "call.accept"));
  const accepted = { ...call, status: "accepted", version: 2, callee_device: house.mine.id } as const;
  house.socket.say({ type: "ack", id: accept["id"], call: accepted });
  await settled();
  PretendedConnection.made[0]?.become("connected");
  assert.equal(live.phase, "connected");

  house.socket.say({ type: "call.state", call: { ...accepted, status: "ended", version: 4, reason: "hangup" } });
  await settled();

  assert.deepEqual(live.outcome, { status: "ended", reason: "hangup" });
  assert.deepEqual([house.isListening(), PretendedConnection.made[0]?.isClosed, house.calls.current], [false, true, null]);
});

test("the same ring twice, and one that comes by a sync as well, is one call", async () => {
  const house = await aHouse();
  const call = aCall(house);
  const envelope = await anOffer(house, call);
  for (let times = 0; times < 3; times++) house.socket.say({ type: "call.incoming", call, envelope });
  await until(() => house.heard.incoming[0]);
  house.socket.say({ type: "call.incoming", call, envelope });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual([house.heard.incoming.length, house.heard.refused], [1, []]);
});

test("a ring that was given up while its seal was being opened does not ring", async () => {
  const house = await aHouse();
  const call = aCall(house);
  const envelope = await anOffer(house, call);

  house.socket.say({ type: "call.incoming", call, envelope });
  house.socket.say({ type: "call.state", call: { ...call, status: "cancelled", version: 2 } });
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve));

  house.socket.say({ type: "call.incoming", call, envelope });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual([house.heard.incoming, house.heard.refused, house.calls.current], [[], [], null]);
  assert.ok(!house.socket.frames.some((frame) => frame["type"] === "call.ringing"));
});

test("an offer that is forged, of another call, or of a key that was not seen before does not ring", async () => {
  const house = await aHouse();
  const impostor = await Device.create(ANNA, house.theirs.id);
  const call = aCall(house);
  const forgeries: [Call, Envelope][] = [
    [call, await anOffer(house, call, impostor)],
    [aCall(house), await anOffer(house, call)],
    [aCall(house, { caller_device: newId("dev") }), await anOffer(house, call)],
  ];
  for (const [shown, envelope] of forgeries) {
    const count = house.heard.refused.length;
    house.socket.say({ type: "call.incoming", call: shown, envelope });
    await until(() => house.heard.refused.length > count);
  }
  house.devices[ANNA] = [house.theirs];
  await ringing(house);
  house.devices[ANNA] = [impostor];
  const next = aCall(house);
  house.socket.say({ type: "call.incoming", call: next, envelope: await anOffer(house, next, impostor) });
  await until(() => house.heard.refused.length === 4);

  assert.deepEqual(house.heard.refused, ["signature", "unexpected", "unknown-device", "pin"]);
  assert.equal(house.heard.incoming.length, 1);
});

test("a ring that is over already is not heard", async () => {
  const house = await aHouse();
  const call = aCall(house, { ring_until: new Date(house.world.now()).toISOString() });

  house.socket.say({ type: "call.incoming", call, envelope: await anOffer(house, call) });
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual([house.heard.incoming, house.heard.refused], [[], []]);
});

test("whoever calls somebody that calls them takes their call", async () => {
  const house = await aHouse();
  const mine = await house.calls.call(ANNA);
  const invite = await until(() => house.socket.frames.find((frame) => frame["type"] === "call.invite"));
  const theirs = aCall(house);
  house.socket.say({ type: "error", id: invite["id"], code: "glare", call_id: theirs.id });
  const sync = await until(() => house.socket.frames.filter((frame) => frame["type"] === "sync")[1]);
  house.socket.say({ ...NOTHING, id: sync["id"], call: theirs, offer: await anOffer(house, theirs) });

  const live = await until(() => house.heard.incoming[0]);
  await until(() => house.socket.frames.some((frame) => frame["type"] === "call.accept"));

  assert.deepEqual([mine.outcome?.reason, live.id, live.phase], ["glare", theirs.id, "answering"]);
});

test("there is one call at a time", async () => {
  const house = await aHouse();
  await house.calls.call(ANNA);

  await assert.rejects(house.calls.call(ANNA), { code: "line-taken" });
});
