import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mock, test } from "node:test";
import { NotAFrame, readFrame, watch, WATCH_EVERY, type Line, type LiveFrame } from "../../src/ascii/live-frames.ts";

interface Vectors {
  frames: { name: string; event: Record<string, unknown>; text: string }[];
  refused: { name: string; event: Record<string, unknown> }[];
}

/** The same that the tests of the Python client and of the server read. */
const vectors = JSON.parse(readFileSync(new URL("../../../../tests/live_frames.json", import.meta.url), "utf8")) as Vectors;
const [first, second] = [vectors.frames[0]!, vectors.frames[1]!];
const JOB = first.event["job_id"] as string;

for (const { name, event, text } of vectors.frames) {
  test(`a frame of the vectors is read: ${name}`, async () => {
    const frame = await readFrame(event);
    assert.equal(frame.text, text);
    assert.deepEqual(
      [frame.number, frame.milliseconds, frame.columns, frame.rows],
      [event["frame_number"], event["milliseconds"], event["columns"], event["rows"]],
    );
  });
}

for (const { name, event } of vectors.refused) {
  test(`what the vectors call no frame is refused: ${name}`, async () => {
    await assert.rejects(readFrame(event), NotAFrame);
  });
}

for (const nothing of [null, 7, "ascii.frame", [], {}, { job_id: JOB }]) {
  test(`what is no event at all is refused: ${JSON.stringify(nothing)}`, async () => {
    await assert.rejects(readFrame(nothing), NotAFrame);
  });
}

/** A connection that says what the test says. */
class FakeLine implements Line {
  readonly asked: unknown[] = [];
  refusal: Error | null = null;
  readonly #listeners = new Map<string, Set<(event: never) => void>>();

  on(name: string, listener: (event: never) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  request(frame: unknown): Promise<unknown> {
    this.asked.push(frame);
    return this.refusal === null ? Promise.resolve({ type: "ack" }) : Promise.reject(this.refusal);
  }

  say(name: string, event: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) listener(event as never);
  }

  get hears(): number {
    return [...this.#listeners.values()].reduce((count, listeners) => count + listeners.size, 0);
  }
}

/** Keeps what it is shown; `next` waits for it. */
class FakeScreen {
  readonly shown: number[] = [];
  readonly refusals: unknown[] = [];
  ends = 0;
  #hears: (() => void)[] = [];

  show(frame: LiveFrame): void {
    this.shown.push(frame.number);
    this.#tell();
  }

  ended(): void {
    this.ends += 1;
    this.#tell();
  }

  refused(error: unknown): void {
    this.refusals.push(error);
    this.#tell();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#hears.push(resolve));
  }

  #tell(): void {
    for (const hear of this.#hears.splice(0)) hear();
  }
}

test("the frames of the job are shown, and its end after the last of them", async () => {
  const [line, screen] = [new FakeLine(), new FakeScreen()];
  const stop = watch(line, JOB, screen);
  line.say("ascii.frame", first.event);
  line.say("ascii.end", { job_id: JOB });
  await screen.next();
  if (screen.ends === 0) await screen.next();
  assert.deepEqual([screen.shown, screen.ends], [[first.event["frame_number"]], 1]);
  stop();
});

test("of frames that come while one is read the last is shown", async () => {
  const [line, screen] = [new FakeLine(), new FakeScreen()];
  const stop = watch(line, JOB, screen);
  for (let number = 0; number < 10; number++) line.say("ascii.frame", { ...first.event, frame_number: number });
  line.say("ascii.end", { job_id: JOB });
  while (screen.ends === 0) await screen.next();
  assert.deepEqual(screen.shown, [0, 9]);
  stop();
});

test("frames of other jobs, and what is no frame, are not shown", async () => {
  const [line, screen] = [new FakeLine(), new FakeScreen()];
  const stop = watch(line, JOB, screen);
  line.say("ascii.frame", { ...first.event, job_id: "job_other" });
  line.say("ascii.end", { job_id: "job_other" });
  line.say("ascii.frame", { ...first.event, data: "*" });
  line.say("ascii.end", { job_id: JOB });
  while (screen.ends === 0) await screen.next();
  line.say("ascii.frame", second.event);
  await screen.next();
  assert.deepEqual([screen.shown, screen.ends], [[second.event["frame_number"]], 1]);
  stop();
});

test("the server is told at once, every half a minute and on every new connection that somebody watches", () => {
  mock.timers.enable({ apis: ["setInterval"] });
  const line = new FakeLine();
  const stop = watch(line, JOB, new FakeScreen());
  mock.timers.tick(WATCH_EVERY * 1000);
  line.say("state", { state: "waiting" });
  line.say("state", { state: "ready" });
  assert.deepEqual(line.asked, Array(3).fill({ type: "watch", job_id: JOB }));
  stop();
  mock.timers.tick(WATCH_EVERY * 5000);
  assert.deepEqual(line.asked.slice(3), [{ type: "unwatch" }]);
  assert.equal(line.hears, 0);
  mock.timers.reset();
});

test("a job that is not shown says so", async () => {
  const [line, screen] = [new FakeLine(), new FakeScreen()];
  line.refusal = new Error("not-found");
  const stop = watch(line, JOB, screen);
  await screen.next();
  assert.deepEqual(screen.refusals, [line.refusal]);
  stop();
});
