import assert from "node:assert/strict";
import { test } from "node:test";

import { Inbox, MOST_MESSAGES } from "../../src/calls/inbox.ts";
import { seeded } from "../realtime/pretended-world.ts";

test("in whatever order messages come, those with a turn come out in theirs, and each once", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seeded(seed);
    const count = Math.floor(random() * 20);
    const needsTurn = Array.from({ length: count }, () => random() < 0.5);
    const arrivals = [...needsTurn.keys(), ...needsTurn.keys()].sort(() => random() - 0.5);
    const inbox = new Inbox<number>();

    const out = arrivals.flatMap((number) => inbox.take(number, number, needsTurn[number] === true, 0));

    assert.deepEqual([...out].sort((a, b) => a - b), [...needsTurn.keys()]);
    const inTurn = out.filter((number) => needsTurn[number]);
    assert.deepEqual(inTurn, [...inTurn].sort((a, b) => a - b));
    assert.deepEqual([inbox.next, inbox.gapSince], [count, null]);
  }
});

test("a gap is known from when it was first seen until it is closed", () => {
  const inbox = new Inbox<string>(1);

  assert.deepEqual(inbox.take(3, "c", true, 100), []);
  assert.deepEqual(inbox.take(4, "d", true, 200), []);
  assert.deepEqual([inbox.gapSince, inbox.next], [100, 1]);
  assert.deepEqual(inbox.take(2, "candidates", false, 300), ["candidates"]);
  assert.deepEqual(inbox.take(1, "a", true, 400), ["a", "c", "d"]);
  assert.deepEqual([inbox.gapSince, inbox.next], [null, 5]);
});

test("a number that nobody may use is not wanted", () => {
  const inbox = new Inbox<string>(1);

  for (const number of [0, -1, 1.5, Number.NaN, MOST_MESSAGES]) assert.equal(inbox.wants(number), false);
});
