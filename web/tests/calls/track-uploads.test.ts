import assert from "node:assert/strict";
import { test } from "node:test";

import { OwnVoiceRecorder } from "../../src/calls/own-voice-recorder.ts";
import type { Slices, VoiceTrack } from "../../src/calls/slices.ts";
import { TrackUploads } from "../../src/calls/track-uploads.ts";
import { Refused } from "../../src/realtime/index.ts";
import { PretendedWorld } from "../realtime/pretended-world.ts";

const FORM = { url: "https://storage.example", fields: { key: "k" } };
const AGREEMENT = { request: { b: "", s: "" }, grant: { b: "", s: "" }, isOurs: true };

class MemorySlices implements Slices {
  readonly described = new Map<string, VoiceTrack>();
  readonly kept = new Map<string, Blob[]>();

  describe(track: VoiceTrack): Promise<void> {
    this.described.set(track.callId, track);
    return Promise.resolve();
  }

  add(callId: string, number: number, sound: Blob): Promise<void> {
    const sounds = this.kept.get(callId) ?? [];
    sounds[number] = sound;
    this.kept.set(callId, sounds);
    return Promise.resolve();
  }

  tracks(): Promise<VoiceTrack[]> {
    return Promise.resolve([...this.described.values()]);
  }

  sound(callId: string): Promise<Blob[]> {
    return Promise.resolve(this.kept.get(callId) ?? []);
  }

  forget(callId: string): Promise<void> {
    this.described.delete(callId);
    this.kept.delete(callId);
    return Promise.resolve();
  }
}

class PretendedRecorder {
  state = "recording";
  onstart: (() => void) | null = null;
  ondataavailable: ((event: { data: Blob }) => void) | null = null;
  onstop: (() => void) | null = null;
  slice = 0;

  start(slice: number): void {
    this.slice = slice;
  }

  stop(): void {
    this.state = "inactive";
    this.ondataavailable?.({ data: new Blob(["last"]) });
    this.onstop?.();
  }
}

function aTrack(change: Partial<VoiceTrack> = {}): VoiceTrack {
  const track = { callId: "call_1", contentType: "audio/webm;codecs=opus", startedAt: 5, name: "Анна", changedAt: 0, isComplete: true };
  return { ...track, ...change };
}

async function aKeptTrack(change: Partial<VoiceTrack> = {}): Promise<MemorySlices> {
  const slices = new MemorySlices();
  await slices.describe(aTrack(change));
  await slices.add("call_1", 0, new Blob(["one "]));
  await slices.add("call_1", 1, new Blob(["two"]));
  return slices;
}

function anApi(answers: (unknown | Refused)[]) {
  const asked: unknown[] = [];
  const sent: string[] = [];
  const api = {
    post: (path: string, body: unknown) => {
      asked.push([path, body]);
      const answer = answers.shift();
      return (answer instanceof Refused ? Promise.reject(answer) : Promise.resolve(answer)) as Promise<never>;
    },
    upload: async (_form: unknown, bytes: Blob) => void sent.push(await bytes.text()),
  };
  return { api, asked, sent };
}

test("slices are kept as they come, and the last one before it is over", async () => {
  const world = new PretendedWorld();
  const slices = new MemorySlices();
  const pretended = new PretendedRecorder();
  const parts = { slices, serverNow: () => world.now() + 7, now: () => world.now(), record: () => pretended as unknown as MediaRecorder };
  const recorder = new OwnVoiceRecorder("call_1", "Анна", {} as MediaStreamTrack, AGREEMENT, parts);
  await world.pass(100);
  pretended.onstart?.();
  pretended.ondataavailable?.({ data: new Blob(["first "]) });
  pretended.ondataavailable?.({ data: new Blob([]) });
  const began = world.now() + 7;

  await recorder.stop();

  const sound = await new Blob(slices.kept.get("call_1")).text();
  const { startedAt, isComplete, name } = slices.described.get("call_1") as VoiceTrack;
  assert.deepEqual([sound, startedAt, isComplete, name, pretended.slice], ["first last", began, true, "Анна", 5_000]);
});

test("a track is sent whole, and kept no longer", async () => {
  const slices = await aKeptTrack();
  const { api, asked, sent } = anApi([{ upload: FORM }]);

  await new TrackUploads(api, slices, new PretendedWorld()).send("call_1");

  const body = { size: 7, content_type: "audio/webm;codecs=opus", started_at: 5, name: "Анна" };
  assert.deepEqual([asked, sent, slices.kept.size], [[["/v1/calls/call_1/tracks", body]], ["one two"], 0]);
});

test("a track that is there already is not sent again", async () => {
  const slices = await aKeptTrack();
  const { api, sent } = anApi([{ upload: null }]);

  await new TrackUploads(api, slices, new PretendedWorld()).send("call_1");

  assert.deepEqual([sent, slices.kept.size], [[], 0]);
});

test("what passes is waited for, and a recording that was deleted is forgotten", async () => {
  for (const last of [{ upload: FORM }, new Refused("not-found", "", { status: 404 })]) {
    const world = new PretendedWorld();
    const slices = await aKeptTrack();
    const { api } = anApi([new Refused("unreachable-server"), new Refused("http-503", "", { status: 503 }), last]);
    const sending = new TrackUploads(api, slices, world).send("call_1");
    await world.pass(60_000);

    await sending;

    assert.equal(slices.kept.size, 0);
  }
});

test("a track that is refused stays on the device", async () => {
  const slices = await aKeptTrack();
  const { api } = anApi([new Refused("too-large", "", { status: 413 })]);
  const uploads = new TrackUploads(api, slices, new PretendedWorld());

  await assert.rejects(uploads.send("call_1"), (error: Refused) => error.code === "too-large");

  assert.deepEqual(await uploads.unsent(), ["call_1"]);
});

test("a track that still grows is not taken for one that was left behind", async () => {
  const world = new PretendedWorld();
  const slices = await aKeptTrack({ isComplete: false, changedAt: world.now() });
  const uploads = new TrackUploads(anApi([]).api, slices, world);

  const now = await uploads.unsent();
  await world.pass(61_000);

  assert.deepEqual([now, await uploads.unsent()], [[], ["call_1"]]);
});
