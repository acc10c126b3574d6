/** How often, and how soon, the client's two ends come together while frames are lost, doubled and overtaken. */
import { Scene } from "../../web/tests/calls/pretended-call.ts";

const RUNS = 1_000;
const LOSSES = [0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4];

/** Milliseconds from 'accept' to connected; null where it did not come to that, undefined where it never rang. */
function play(seed: number, lost: number): number | null | undefined {
  const scene = new Scene(seed, { lost, doubled: 0.1, slowest: 600 });
  scene.ring();
  const { time } = scene;
  const callee = scene.end("dev_B");
  let accepted = 0;
  // The user takes the call three seconds after it began to ring.
  const answer = () => {
    if (callee.machine === null) time.after(100, answer);
    else time.after(3_000, () => {
      accepted = time.now;
      callee.accept();
    });
  };
  time.after(0, answer);
  for (let waited = 0; waited < 90_000; waited += 50) {
    time.pass(50);
    if (scene.talkers.length === 2 && scene.talkers.every((end) => end.machine?.phase === "connected")) return time.now - accepted;
  }
  return accepted === 0 ? undefined : null;
}

const rows = LOSSES.map((lost) => {
  const rung = Array.from({ length: RUNS }, (_, seed) => play(seed + 1, lost)).filter((time) => time !== undefined);
  const connected = rung.filter((time) => time !== null).sort((a, b) => a - b);
  const at = (share: number) => connected[Math.min(connected.length - 1, Math.floor(connected.length * share))] ?? null;
  return { lost, rung: rung.length / RUNS, connected: connected.length / rung.length, median: at(0.5), p99: at(0.99) };
});
console.log(JSON.stringify(rows));
