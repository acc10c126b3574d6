import assert from "node:assert/strict";
import { test } from "node:test";

import { readSaid } from "../../src/calls/said.ts";

const STATEMENT = { b: "b", s: "s" };

test("what this version knows is read as it was said", () => {
  const bodies: [string, object][] = [
    ["offer", { sdp: "v=0" }],
    ["answer", { sdp: "v=0" }],
    ["ice", { candidates: [{ candidate: "a", sdpMid: "0" }, null] }],
    ["negotiate", { sdp: "v=0", kind: "answer" }],
    ["hangup", { reason: "hangup" }],
    ["record", { kind: "request", statement: STATEMENT }],
    ["record", { kind: "stop" }],
  ];

  for (const [type, body] of bodies) assert.deepEqual(readSaid(type, body), { type, body });
});

test("anything else is nothing", () => {
  const nothing: [string, unknown][] = [
    ["offer", {}],
    ["offer", null],
    ["answer", { sdp: 7 }],
    ["ice", { candidates: "x" }],
    ["negotiate", { sdp: "v=0", kind: "rollback" }],
    ["record", { kind: "secretly" }],
    ["constructor", {}],
    ["unheard-of", {}],
  ];

  for (const [type, body] of nothing) assert.equal(readSaid(type, body), null);
});

test("of what is partly nonsense the rest is taken", () => {
  assert.deepEqual(readSaid("ice", { candidates: [1, {}, { candidate: 2 }, { candidate: "x" }] }), {
    type: "ice",
    body: { candidates: [{ candidate: "x" }] },
  });
  assert.deepEqual(readSaid("hangup", { reason: "Not A Word" }), { type: "hangup", body: { reason: "hangup" } });
  assert.deepEqual(readSaid("record", { kind: "grant", statement: "x" }), { type: "record", body: { kind: "grant" } });
});
