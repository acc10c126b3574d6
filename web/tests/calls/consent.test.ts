import assert from "node:assert/strict";
import { test } from "node:test";

import { Consent, type ConsentEffect } from "../../src/calls/consent.ts";
import type { RecordWord } from "../../src/calls/effects.ts";
import { seeded } from "../realtime/pretended-world.ts";

const REQUEST = { b: "request", s: "" };
const GRANT = { b: "grant", s: "" };

function names(effects: ConsentEffect[]): string[] {
  return effects.map((effect) => (effect.do === "say" ? `say ${effect.word}` : effect.do));
}

test("what both have agreed to is started at both ends, by the one who asked as its own", () => {
  const [asking, asked] = [new Consent(true), new Consent(false)];

  assert.deepEqual(names(asking.ask(REQUEST)), ["say request"]);
  assert.deepEqual(asked.hear("request", REQUEST), []);
  const granted = asked.allow(GRANT);
  const started = asking.hear("grant", GRANT);

  assert.deepEqual([names(granted), names(started)], [["say grant", "start"], ["start"]]);
  assert.deepEqual(started, [{ do: "start", agreement: { request: REQUEST, grant: GRANT, isOurs: true } }]);
  assert.deepEqual(granted[1], { do: "start", agreement: { request: REQUEST, grant: GRANT, isOurs: false } });
});

test("a grant that nobody asked for, or that is not signed, starts nothing", () => {
  const [unasked, asking] = [new Consent(true), new Consent(true)];
  asking.ask(REQUEST);

  assert.deepEqual([unasked.hear("grant", GRANT), unasked.state], [[], "none"]);
  assert.deepEqual([asking.hear("grant", null), asking.state], [[], "asking"]);
  assert.deepEqual([unasked.allow(GRANT), unasked.state], [[], "none"]);
});

test("either side ends a recording, and it is not begun again", () => {
  for (const isOurs of [true, false]) {
    const [asking, asked] = [new Consent(true), new Consent(false)];
    asking.ask(REQUEST);
    asked.hear("request", REQUEST);
    asked.allow(GRANT);
    asking.hear("grant", GRANT);
    const [stopping, hearing] = isOurs ? [asking, asked] : [asked, asking];

    assert.deepEqual(names(stopping.stop()), ["say stop", "stop"]);
    assert.deepEqual(names(hearing.hear("stop", null)), ["stop"]);
    assert.deepEqual([asking.state, asked.state], ["stopped", "stopped"]);
    assert.deepEqual([asking.ask(REQUEST), asked.hear("request", REQUEST), asked.allow(GRANT)], [[], [], []]);
  }
});

test("where both ask at once the caller's question stands", () => {
  const [caller, callee] = [new Consent(true), new Consent(false)];
  caller.ask(REQUEST);
  callee.ask(REQUEST);

  caller.hear("request", REQUEST);
  callee.hear("request", REQUEST);

  assert.deepEqual([caller.state, callee.state], ["asking", "asked"]);
});

test("after whatever was said, what runs was agreed to by both, and what ends is ended once", () => {
  const words: RecordWord[] = ["request", "grant", "deny", "stop"];
  for (let seed = 1; seed <= 500; seed++) {
    const random = seeded(seed);
    const consent = new Consent(random() < 0.5);
    let [hasAsked, hasAllowed, running] = [false, false, 0];
    for (let step = 0; step < 30; step++) {
      const word = words[Math.floor(random() * words.length)] as RecordWord;
      const act = Math.floor(random() * 6);
      const isAsking = consent.state === "asking";
      let effects: ConsentEffect[] = [];
      if (act === 0) effects = consent.ask(REQUEST);
      else if (act === 1) effects = consent.allow(GRANT);
      else if (act === 2) effects = consent.deny();
      else if (act === 3 && random() < 0.3) effects = consent.stop();
      else if (act > 3) effects = consent.hear(word, word === "request" ? REQUEST : word === "grant" ? GRANT : null);
      hasAsked ||= names(effects).includes("say request");
      hasAllowed ||= names(effects).includes("say grant");
      for (const effect of effects) {
        if (effect.do === "start") {
          assert.ok(effect.agreement.isOurs ? hasAsked && isAsking && word === "grant" : hasAllowed);
          running += 1;
        } else if (effect.do === "stop") running -= 1;
      }
      assert.ok(running === 0 || running === 1);
      assert.equal(running === 1, consent.state === "agreed");
    }
    for (const effect of consent.end()) if (effect.do === "stop") running -= 1;
    assert.equal(running, 0);
  }
});
