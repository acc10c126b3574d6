import assert from "node:assert/strict";
import { test } from "node:test";

import { Realtime, Refused, type RealtimeState } from "../../src/realtime/index.ts";
import { PretendedWorld, pretendedSockets, seeded, settled, type ServerSocket } from "./pretended-world.ts";

const MINUTE = 60_000;
const NOTHING = { type: "synced", call: null, offer: null, envelopes: [], more: false };

function aClient(getTicket?: () => Promise<{ ticket: string; url: string }>, random?: () => number) {
  const world = new PretendedWorld(random);
  const { open, sockets } = pretendedSockets();
  let tickets = 0;
  const client = new Realtime({
    getTicket: getTicket ?? (() => Promise.resolve({ ticket: `t${++tickets}`, url: "wss://parley.example/ws" })),
    open,
    outside: world,
  });
  const states: RealtimeState[] = [];
  client.on("state", ({ state }) => states.push(state));
  return { world, sockets, client, states };
}

function newest(sockets: ServerSocket[]): ServerSocket {
  const socket = sockets.at(-1);
  assert.ok(socket);
  return socket;
}

function pong(world: PretendedWorld, ahead = 0, lives = 120 * MINUTE) {
  return { type: "pong", server_time: world.now() + ahead, until: new Date(world.now() + ahead + lives).toISOString() };
}

async function aReadyClient(random?: () => number) {
  const it = aClient(undefined, random);
  it.client.start();
  await ready(it.world, it.sockets);
  return it;
}

async function ready(world: PretendedWorld, sockets: ServerSocket[]): Promise<ServerSocket> {
  await settled();
  const socket = newest(sockets);
  socket.hears.opened();
  socket.answer("sync", NOTHING);
  socket.answer("ping", pong(world));
  await settled();
  return socket;
}

test("the ticket travels as a sub-protocol and not in the address", async () => {
  const { sockets } = await aReadyClient();

  assert.deepEqual(newest(sockets).protocols, ["parley.v1", "ticket.t1"]);
  assert.equal(newest(sockets).url, "wss://parley.example/ws");
});

test("a sync is the first thing that is said on a connection", async () => {
  const { client, world, sockets } = aClient();
  const asked = client.request({ type: "call.hangup", call_id: "call_1" });
  client.start();

  const socket = await ready(world, sockets);

  assert.deepEqual(socket.frames.map((frame) => frame["type"]), ["sync", "call.hangup", "ping"]);
  socket.answer("call.hangup", { type: "ack" });
  assert.equal((await asked).type, "ack");
});

test("an answer goes to whoever asked, also when answers come in another order", async () => {
  const { client, sockets } = await aReadyClient();
  const asked = ["a", "b"].map((call_id) => client.request({ type: "call.hangup", call_id }));
  const [a, b] = newest(sockets).frames.filter((frame) => frame["type"] === "call.hangup");

  newest(sockets).say({ type: "ack", id: b?.["id"], call: { id: "b" } });
  newest(sockets).say({ type: "ack", id: a?.["id"], call: { id: "a" } });

  assert.deepEqual((await Promise.all(asked)).map((ack) => ack.call?.id), ["a", "b"]);
});

test("a refusal is an error with its code and all that was said", async () => {
  const { client, sockets } = await aReadyClient();
  const asked = client.request({ type: "call.invite", call_id: "c", to: "12345678", offers: [] });

  newest(sockets).answer("call.invite", { type: "error", code: "glare", detail: "They call you.", call_id: "call_2" });

  await assert.rejects(asked, (error: Refused) => error.code === "glare" && error.more["call_id"] === "call_2");
});

test("a frame without an answer is sent again under the same name", async () => {
  const { client, world, sockets } = await aReadyClient();
  void client.request({ type: "call.ringing", call_id: "c" });

  await world.pass(10_000);

  const sent = newest(sockets).frames.filter((frame) => frame["type"] === "call.ringing");
  assert.ok(sent.length >= 2);
  assert.equal(new Set(sent.map((frame) => frame["id"])).size, 1);
});

test("a frame that nobody answers is given up in the end", async () => {
  const { client, world } = await aReadyClient();
  const asked = client.request({ type: "call.ringing", call_id: "c" }, 15_000);
  const rejected = assert.rejects(asked, (error: Refused) => error.code === "no-reply");

  await world.pass(15_000);

  await rejected;
});

test("what was not acknowledged is sent again on the next connection", async () => {
  const { client, world, sockets } = await aReadyClient();
  const asked = client.request({ type: "call.ringing", call_id: "c" });
  const id = newest(sockets).last("call.ringing")["id"];
  newest(sockets).hears.closed();
  await world.pass(500);

  const socket = await ready(world, sockets);

  assert.equal(socket.last("call.ringing")["id"], id);
  socket.answer("call.ringing", { type: "ack" });
  assert.equal((await asked).type, "ack");
});

test("a frame that came too fast is sent again when it may be", async () => {
  const { client, world, sockets } = await aReadyClient();
  const asked = client.request({ type: "call.ringing", call_id: "c" });
  newest(sockets).answer("call.ringing", { type: "error", code: "too-fast", retry_after: 2 });
  const count = () => newest(sockets).frames.filter((frame) => frame["type"] === "call.ringing").length;

  await world.pass(1_999);
  const before = count();
  await world.pass(1);

  assert.deepEqual([before, count()], [1, 2]);
  newest(sockets).answer("call.ringing", { type: "ack" });
  await asked;
});

test("every connection has a fresh ticket, and waits at most half a second, then twice as long, up to 15 s", async () => {
  const { client, world, sockets } = aClient(undefined, () => 0.999_999);
  client.start();
  await settled();
  for (const wait of [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]) {
    const count = sockets.length;
    newest(sockets).hears.closed();
    await world.pass(wait - 1);
    assert.equal(sockets.length, count);
    await world.pass(1);
    assert.equal(sockets.length, count + 1);
  }

  assert.equal(new Set(sockets.map((socket) => socket.protocols[1])).size, sockets.length);
});

test("a pong that does not come ends the connection", async () => {
  const { client, world, sockets, states } = await aReadyClient();
  client.hold("call_1");
  await world.pass(5_000);

  assert.equal(sockets[0]?.isClosedByClient, true);
  assert.equal(states.at(-1), "waiting");
  assert.equal(sockets[0]?.last("ping")["call_id"], "call_1");
});

test("a connection that never becomes ready is given up", async () => {
  const { client, world, sockets } = aClient();
  client.start();
  await world.pass(10_000);

  assert.equal(sockets[0]?.isClosedByClient, true);
});

test("pings come every five minutes or so, and every 25 seconds in a call", async () => {
  for (const [callId, shortest, longest] of [[null, 4.5 * MINUTE, 5.5 * MINUTE], ["call_1", 25_000, 25_000]] as const) {
    const { client, world, sockets } = await aReadyClient(seeded(7));
    client.hold(callId);
    const times: number[] = [];
    const pings = () => newest(sockets).frames.filter((frame) => frame["type"] === "ping").length;
    newest(sockets).answer("ping", pong(world));
    for (let seen = pings(); times.length < 5; ) {
      await world.pass(1_000);
      if (pings() === seen) continue;
      seen = pings();
      times.push(world.now());
      newest(sockets).answer("ping", pong(world));
    }
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    assert.ok(gaps.every((gap) => gap >= shortest - 1_000 && gap <= longest + 1_000), String(gaps));
  }
});

test("an error to a call's ping says that the call is lost", async () => {
  const { client, world, sockets } = await aReadyClient();
  const lost = client.next("call-lost");
  client.hold("call_1");

  newest(sockets).answer("ping", { type: "error", code: "not-found" });

  assert.deepEqual(await lost, { call_id: "call_1" });
  await world.pass(5_000);
  assert.equal(newest(sockets).isClosedByClient, false);
});

test("a connection is replaced before the server ends it, and closed only when the new one is in step", async () => {
  const { client, world, sockets, states } = await aReadyClient();
  const heard: string[] = [];
  client.on("recording.deleted", ({ id }) => heard.push(id));
  const first = newest(sockets);
  for (let minutes = 0; sockets.length === 1; minutes++) {
    assert.ok(minutes < 120);
    await world.pass(MINUTE);
    if (first.frames.some((frame) => frame["type"] === "ping")) first.answer("ping", pong(world));
  }
  const age = (world.now() - 1_700_000_000_000) / MINUTE;
  newest(sockets).hears.opened();
  first.say({ type: "recording.deleted", id: "on the old one" });
  const wasClosed = first.isClosedByClient;
  const asked = client.request({ type: "unwatch" });

  newest(sockets).answer("sync", NOTHING);
  newest(sockets).say({ type: "recording.deleted", id: "on the new one" });

  assert.ok(age >= 105 && age <= 116, String(age));
  assert.deepEqual([wasClosed, first.isClosedByClient], [false, true]);
  assert.deepEqual(heard, ["on the old one", "on the new one"]);
  assert.equal(first.last("unwatch")["id"], newest(sockets).last("unwatch")["id"]);
  assert.deepEqual(states, ["connecting", "ready"]);
  newest(sockets).answer("unwatch", { type: "ack" });
  await asked;
});

test("the server's clock is known by the quickest of the last pongs", async () => {
  const { client, world, sockets } = aClient();
  client.start();
  await settled();
  newest(sockets).hears.opened();
  newest(sockets).answer("sync", NOTHING);
  for (const [there, back] of [[400, 1000], [10, 10], [900, 100]] as const) {
    await world.pass(there);
    const time = pong(world, 60_000);
    await world.pass(back);
    newest(sockets).answer("ping", time);
    client.hold(`call_${there}`);
  }

  assert.equal(client.clock.offset, 60_000);
});

test("a signed-out account is not asked for again", async () => {
  const signedOut = () => Promise.reject(new Refused("session-over", "over", { status: 401 }));
  const { client, world, sockets, states } = aClient(signedOut);
  client.start();
  await world.pass(60 * MINUTE);

  assert.deepEqual([sockets.length, states.at(-1)], [0, "signed-out"]);
});

test("a ticket that cannot be had now is asked for again", async () => {
  let asked = 0;
  const { client, world, states } = aClient(() => Promise.reject(new Refused(`down ${(asked += 1)}`)));
  client.start();
  await world.pass(MINUTE);

  assert.ok(asked > 3);
  assert.ok(["waiting", "connecting"].includes(states.at(-1) ?? ""));
});

test("a connection that the server has forgotten is opened anew", async () => {
  const { client, world, sockets } = await aReadyClient();
  const asked = client.request({ type: "unwatch" });
  newest(sockets).answer("unwatch", { type: "error", code: "connection-over" });
  await world.pass(500);

  const socket = await ready(world, sockets);

  assert.equal(sockets.length, 2);
  socket.answer("unwatch", { type: "ack" });
  await asked;
});

test("stopping closes the connection and refuses what waits", async () => {
  const { client, world, sockets, states } = await aReadyClient();
  const rejected = assert.rejects(client.request({ type: "unwatch" }), (error: Refused) => error.code === "stopped");

  client.stop();
  await world.pass(60 * MINUTE);

  await rejected;
  assert.deepEqual([sockets.length, sockets[0]?.isClosedByClient, states.at(-1)], [1, true, "stopped"]);
});

test("nonsense from the server is not heard", async () => {
  const { client, sockets } = await aReadyClient();
  const events: unknown[] = [];
  client.on("error", (error) => events.push(error));

  for (const text of ["", "null", "[]", "7", '{"type":1}', '{"type":"__proto__"}', '{"type":"ack","id":"nobody"}', "{"]) {
    newest(sockets).hears.said(text);
  }
  newest(sockets).say({ type: "error", code: "bad-frame" });

  assert.deepEqual(events, [{ type: "error", code: "bad-frame" }]);
});

test("a listener that throws does not keep others from hearing", async (it) => {
  const { client, sockets } = await aReadyClient();
  const reported = it.mock.method(console, "error", () => {});
  const heard: string[] = [];
  client.on("recording.deleted", () => {
    throw new Error("mine");
  });
  client.on("recording.deleted", ({ id }) => heard.push(id));

  newest(sockets).say({ type: "recording.deleted", id: "rec_1" });

  assert.deepEqual([heard, reported.mock.callCount()], [["rec_1"], 1]);
});
