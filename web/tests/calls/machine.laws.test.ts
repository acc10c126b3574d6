/** Laws of the two ends of a call, over a network that loses, doubles and reorders. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { CALLEE } from "./switchboard.ts";
import { Scene, sdpOf, type End, type Weather } from "./pretended-call.ts";

const RUNS = 300;
const STORM: Weather = { lost: 0.3, doubled: 0.3, slowest: 4_000 };
const RAIN: Weather = { lost: 0.15, doubled: 0.2, slowest: 1_500 };

function forEachSeed(weather: Weather, play: (scene: Scene) => void, check: (scene: Scene) => void): void {
  for (let seed = 1; seed <= RUNS; seed++) {
    const scene = new Scene(seed, weather);
    try {
      play(scene);
      check(scene);
    } catch (error) {
      throw new Error(`with seed ${seed}: ${describe(scene)}`, { cause: error });
    }
  }
}

function describe(scene: Scene): string {
  const ends = [...scene.ends.values()].map((end) => `${end.device} ${end.machine?.phase} ${JSON.stringify(end.machine?.outcome)}`);
  return `${scene.server.call?.status}; ${ends.join("; ")}`;
}

/** Everybody does something at some time, or does not. */
function doAnything(scene: Scene): void {
  const { time } = scene;
  scene.ring();
  const wishes: ((end: End) => void)[] = [
    (end) => end.accept(),
    (end) => end.accept(),
    (end) => end.tell((it) => it.decline()),
    (end) => end.tell((it) => it.hangUp()),
    () => {},
  ];
  for (const device of CALLEE.devices) {
    for (let times = 0; times < 2; times++) {
      const wish = wishes[Math.floor(time.random() * wishes.length)] as (end: End) => void;
      time.after(time.between(0, 50_000), () => wish(scene.end(device)));
    }
  }
  if (time.random() < 0.5) time.after(time.between(0, 60_000), () => scene.caller.tell((it) => it.hangUp()));
  if (time.random() < 0.5) time.after(time.between(0, 90_000), () => scene.breakMedia(time.random() < 0.5 ? "failed" : "disconnected"));
  time.pass(120_000);
  scene.clearUp();
  scene.caller.tell((it) => it.hangUp());
  time.pass(60_000);
}

test("in any weather all ends agree in the end, and one device at most has answered", () => {
  forEachSeed(STORM, doAnything, (scene) => {
    const winner = scene.server.call?.callee_device ?? null;
    assert.ok(scene.server.call === null || scene.server.isOver);
    for (const end of scene.ends.values()) {
      assert.ok(end.machine === null || end.machine.phase === "over", end.device);
      assert.equal(end.rings, 0, end.device);
    }
    for (const device of CALLEE.devices) {
      const hasTalked = scene.end(device).phases.some((phase) => phase === "connecting" || phase === "connected");
      assert.ok(!hasTalked || device === winner, `${device} talked, ${winner} answered`);
    }
    if (scene.server.call !== null) assert.equal(scene.caller.machine?.outcome?.status, scene.server.call.status);
  });
});

test("in any weather nobody hears a candidate twice, and none before the call is accepted", () => {
  forEachSeed(STORM, doAnything, (scene) => {
    for (const end of scene.ends.values()) {
      assert.equal(new Set(end.heardCandidates).size, end.heardCandidates.length, end.device);
    }
    assert.equal(scene.server.toldTooEarly, 0);
  });
});

test("in any weather a callee opens no media before the user accepts, and closes what was opened", () => {
  forEachSeed(STORM, doAnything, (scene) => {
    for (const end of scene.ends.values()) {
      assert.ok(!end.openedUnasked, end.device);
      assert.ok(!end.hasOpenedMedia || end.isMediaClosed, end.device);
    }
  });
});

test("in any weather what is said reaches one device of the two who talk, and no third one", () => {
  forEachSeed(STORM, doAnything, (scene) => {
    const winner = scene.server.call?.callee_device;
    for (const letter of scene.server.mail) assert.ok([letter.from, letter.to].every((one) => one === "dev_A" || one === winner));
  });
});

test("a call that is accepted comes about although one frame in seven is lost", () => {
  let connected = 0;
  forEachSeed(
    RAIN,
    (scene) => {
      scene.ring();
      const { time } = scene;
      // Whoever did not hear the first ring learns of the call by its sync, which the pretended ends do not send.
      for (let second = 3; second < 40; second++) time.after(second * 1_000, () => scene.end("dev_B").accept());
      time.pass(80_000);
    },
    (scene) => {
      const hasRung = scene.end("dev_B").machine !== null;
      const isLate = scene.server.call?.status === "missed" || scene.server.call === null;
      if (!hasRung || isLate) return;
      assert.equal(scene.server.call?.status, "connected");
      for (const end of scene.talkers) assert.equal(end.machine?.phase, "connected", end.device);
      connected += 1;
    },
  );
  assert.ok(connected > RUNS / 2, `${connected} of ${RUNS}`);
});

test("whatever was said while they talked has been heard, each thing once", () => {
  forEachSeed(
    RAIN,
    (scene) => {
      scene.ring();
      const { time } = scene;
      for (let second = 3; second < 40; second++) time.after(second * 1_000, () => scene.end("dev_B").accept());
      time.pass(60_000);
      // A message that leaves no gap behind it and on which nothing waits is looked up when the next one comes.
      scene.clearUp();
      time.pass(30_000);
      for (const end of scene.talkers) end.tell((it) => it.record("deny", null));
      time.pass(30_000);
    },
    (scene) => {
      const [caller, callee] = scene.talkers;
      if (caller === undefined || callee === undefined || scene.server.isOver) return;
      assert.deepEqual([...callee.heardCandidates].sort(), [...caller.sentCandidates].sort());
      assert.deepEqual([...caller.heardCandidates].sort(), [...callee.sentCandidates].sort());
    },
  );
});

test("a call whose way is gone finds another one, whoever notices", () => {
  forEachSeed(
    RAIN,
    (scene) => {
      scene.ring();
      const { time } = scene;
      for (let second = 3; second < 40; second++) time.after(second * 1_000, () => scene.end("dev_B").accept());
      time.pass(60_000);
      scene.breakMedia(time.random() < 0.5 ? "failed" : "disconnected");
      time.pass(40_000);
    },
    (scene) => {
      for (const end of scene.talkers) {
        if (end.heardState === null) continue;
        assert.ok(["connected", "over"].includes(end.machine?.phase ?? ""), end.device);
      }
      const phases = new Set(scene.talkers.map((end) => end.machine?.phase));
      assert.ok(phases.size <= 1, [...phases].join());
    },
  );
});

test("another fingerprint ends the call, in the answer as in a later description", () => {
  const scene = new Scene(1, { lost: 0, doubled: 0, slowest: 10 });
  scene.ring();
  scene.time.pass(2_000);
  scene.end("dev_B").accept();
  scene.time.pass(10_000);
  const { caller } = scene;
  assert.equal(caller.machine?.phase, "connected");
  const seq = scene.caller.machine?.have["dev_B"] ?? 0;
  const said = { type: "negotiate", body: { sdp: sdpOf("dev_X"), kind: "offer" } } as const;

  caller.tell((it) => it.opened("dev_B", seq, said, scene.time.now));
  scene.time.pass(1_000);

  assert.deepEqual(caller.machine?.outcome?.status, "ended");
  assert.equal(scene.end("dev_B").machine?.phase, "over");
});
