/** One call in a world where frames are lost, doubled and overtaken, and where time passes in no time. */
import { CallMachine, type Phase } from "../../src/calls/machine.ts";
import type { Effect, Said } from "../../src/calls/effects.ts";
import { seeded } from "../realtime/pretended-world.ts";
import { CALLEE, CALLER, Switchboard, type Answer, type Event, type Frame, type Letter } from "./switchboard.ts";

/** How bad the network is. */
export interface Weather {
  readonly lost: number;
  readonly doubled: number;
  readonly slowest: number;
}

const RESEND = [3_000, 6_000, 12_000];

/** A description of one device's media. */
export function sdpOf(device: string, number = 0): string {
  const byte = device.charCodeAt(device.length - 1).toString(16).padStart(2, "0").toUpperCase();
  return `v=0\r\na=fingerprint:sha-256 ${Array(32).fill(byte).join(":")}\r\na=number:${number}\r\n`;
}

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Time, and what is going to happen. */
export class Time {
  now = 1_700_000_000_000;
  readonly random: () => number;
  #count = 0;
  #coming: Happening[] = [];

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  after(milliseconds: number, run: () => void): void {
    this.#coming.push({ at: this.now + milliseconds, order: this.#count++, run });
  }

  between(least: number, most: number): number {
    return least + this.random() * (most - least);
  }

  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    for (;;) {
      this.#coming.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#coming[0];
      if (next === undefined || next.at > end) break;
      this.#coming.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
}

/** One device, with a machine once it has a call, and media that do as the machine says. */
export class End {
  machine: CallMachine | null = null;
  readonly phases: Phase[] = [];
  rings = 0;
  hasOpenedMedia = false;
  isMediaClosed = false;
  /** Whether the user had accepted when the media were opened. */
  openedUnasked = false;
  wasAccepted = false;
  readonly sentCandidates: string[] = [];
  readonly heardCandidates: string[] = [];
  hasRemote = false;
  heardState: "connected" | "disconnected" | "failed" | null = null;
  descriptions = 0;

  constructor(
    readonly device: string,
    readonly scene: Scene,
  ) {}

  tell(what: (machine: CallMachine) => void): void {
    if (this.machine === null) return;
    what(this.machine);
    this.phases.push(this.machine.phase);
    for (const effect of this.machine.take()) this.#do(effect);
    const { deadline } = this.machine;
    if (deadline === null) return;
    const { time } = this.scene;
    time.after(Math.max(1, deadline - time.now), () => {
      if (this.machine?.deadline === deadline) this.tell((it) => it.tick(time.now));
    });
  }

  accept(): void {
    if (this.machine?.phase === "ringing") this.wasAccepted = true;
    this.tell((it) => it.accept());
  }

  hear(event: Event): void {
    const { now } = this.scene.time;
    if (event.type === "incoming" && this.machine === null && now < Date.parse(event.call.ring_until)) {
      const said = event.offer.said as Said & { type: "offer" };
      this.machine = CallMachine.called(event.call, { uid: CALLEE.uid, device: this.device }, said.body, now);
      this.tell(() => {});
    } else if (event.type === "state") this.tell((it) => it.call(event.call, now));
    else if (event.type === "signal") this.#open(event.letter);
  }

  #open(letter: Letter): void {
    if (!this.machine?.wants(letter.from, letter.seq)) return;
    this.tell((it) => it.opened(letter.from, letter.seq, letter.said, this.scene.time.now));
  }

  #do(effect: Effect): void {
    if (effect.do === "ring") this.rings = 1;
    else if (effect.do === "stop-ringing") this.rings = 0;
    else if (effect.do === "close-peer") this.#close();
    else if (effect.do === "make-offer" || effect.do === "take-offer") this.#describe(effect);
    else if (effect.do === "take-answer") this.#takeRemote();
    else if (effect.do === "take-candidates") {
      this.heardCandidates.push(...effect.candidates.map((one) => one?.candidate ?? "end"));
      this.scene.tryToConnect();
    } else this.#ask(effect);
  }

  #close(): void {
    this.isMediaClosed = true;
    const { time, talkers } = this.scene;
    if (!talkers.includes(this)) return;
    // The other end notices that nothing comes any more.
    for (const end of talkers.filter((one) => one !== this)) {
      time.after(5_000, () => end.tell((it) => it.connection("disconnected", time.now)));
    }
  }

  #describe(effect: Effect & { do: "make-offer" | "take-offer" }): void {
    const { time } = this.scene;
    if (!this.hasOpenedMedia && this.device !== CALLER.devices[0] && !this.wasAccepted) this.openedUnasked = true;
    this.hasOpenedMedia = true;
    time.after(time.between(1, 300), () => {
      if (this.isMediaClosed) return;
      const sdp = sdpOf(this.device, this.descriptions++);
      if (effect.do === "take-offer") this.#takeRemote();
      this.tell((it) => (effect.do === "make-offer" ? it.offered(sdp) : it.answered(sdp)));
      for (let batch = 0; batch < 3; batch++) time.after(time.between(1, 2_000), () => this.#find(batch));
    });
  }

  #find(batch: number): void {
    if (this.isMediaClosed) return;
    const candidate = `${this.device} ${batch} ${this.sentCandidates.length}`;
    this.sentCandidates.push(candidate);
    this.tell((it) => it.candidates([{ candidate }]));
  }

  #takeRemote(): void {
    this.hasRemote = true;
    this.scene.negotiated(this);
  }

  #ask(effect: Effect): void {
    const { scene, device } = this;
    const send = (frame: Frame, answered: (answer: Answer) => void) => scene.request(this, frame, answered);
    const call = (answer: Answer) => {
      if (answer.type === "ack" && answer.call !== undefined) {
        const seen = answer.call;
        this.tell((it) => it.call(seen, scene.time.now));
      }
    };
    const refusable = (name: "call.invite" | "call.accept" | "call.connected" | "signal" | "sync") => (answer: Answer) => {
      if (answer.type === "error") this.tell((it) => it.refused(name, answer));
      else if (answer.type === "synced") this.#caughtUp(answer);
      else call(answer);
    };
    if (effect.do === "invite") {
      const said: Said = { type: "offer", body: { sdp: effect.sdp } };
      const offers = CALLEE.devices.map((to) => ({ from: device, to, seq: 0, said }));
      send({ type: "call.invite", offers }, refusable("call.invite"));
    } else if (effect.do === "accept") {
      send({ type: "call.accept", letter: letterOf(device, effect.saying) }, refusable("call.accept"));
    } else if (effect.do === "say") this.#say(letterOf(device, effect.saying));
    else if (effect.do === "sync") send({ type: "sync", have: effect.have }, refusable("sync"));
    else if (effect.do === "decline") this.#insist({ type: "call.decline" }, call);
    else if (effect.do === "frame") this.#insist({ type: effect.type }, effect.type === "call.connected" ? refusable("call.connected") : call);
  }

  #insist(frame: Frame, answered: (answer: Answer) => void, tries = 3): void {
    this.scene.request(this, frame, (answer) => {
      if (tries > 1 && answer.type === "error" && answer.code === "no-reply") this.#insist(frame, answered, tries - 1);
      else answered(answer);
    });
  }

  #say(letter: Letter): void {
    this.scene.request(this, { type: "signal", letter }, (answer) => {
      if (answer.type !== "error" || this.machine?.phase === "over") return;
      if (answer.code === "no-reply") this.#say(letter);
      else this.tell((it) => it.refused("signal", answer));
    });
  }

  #caughtUp(synced: Answer & { type: "synced" }): void {
    for (const letter of synced.letters) this.#open(letter);
    this.tell((it) => it.synced(synced.call, this.scene.time.now));
    if (synced.more && this.machine !== null) {
      this.scene.request(this, { type: "sync", have: this.machine.have }, (answer) => {
        if (answer.type === "synced") this.#caughtUp(answer);
      });
    }
  }
}

/** Two people, three devices, one server, bad weather. */
export class Scene {
  readonly time: Time;
  readonly server: Switchboard;
  readonly ends: ReadonlyMap<string, End>;
  #weather: Weather;
  #isBroken = false;

  constructor(seed: number, weather: Weather) {
    this.time = new Time(seed);
    this.#weather = weather;
    this.server = new Switchboard((device, event) => this.#carry(() => this.end(device).hear(event)));
    this.ends = new Map([...CALLER.devices, ...CALLEE.devices].map((device) => [device, new End(device, this)]));
  }

  end(device: string): End {
    return this.ends.get(device) as End;
  }

  get caller(): End {
    return this.end("dev_A");
  }

  /** Begin the call. */
  ring(): void {
    this.caller.machine = CallMachine.calling("call_1", { uid: CALLER.uid, device: "dev_A" }, CALLEE.uid, CALLEE.devices);
    this.caller.tell(() => {});
    for (let second = 1; second < 60; second++) this.time.after(second * 1_000, () => this.server.expire(this.time.now));
  }

  /** The two whose call it is, once one has answered. */
  get talkers(): End[] {
    const device = this.server.call?.callee_device;
    return device ? [this.caller, this.end(device)] : [];
  }

  /** From now on nothing is lost. */
  clearUp(): void {
    this.#weather = { lost: 0, doubled: 0, slowest: 100 };
  }

  /** The way between the two is gone until they find another. */
  breakMedia(state: "disconnected" | "failed"): void {
    if (this.talkers.some((end) => end.heardState !== "connected")) return;
    this.#isBroken = true;
    for (const end of this.talkers) {
      end.heardState = state;
      end.hasRemote = false;
      end.tell((it) => it.connection(state, this.time.now));
    }
  }

  negotiated(_end: End): void {
    this.tryToConnect();
  }

  /** Both know each other's description, and one of them a way to the other. */
  tryToConnect(): void {
    const { talkers } = this;
    const isReady = talkers.length === 2 && talkers.every((end) => end.hasRemote && !end.isMediaClosed);
    if (!isReady || !talkers.some((end) => end.heardCandidates.length > 0)) return;
    this.#isBroken = false;
    for (const end of talkers) {
      if (end.heardState === "connected") continue;
      end.heardState = "connected";
      this.time.after(this.time.between(1, 500), () => {
        if (!end.isMediaClosed && !this.#isBroken) end.tell((it) => it.connection("connected", this.time.now));
      });
    }
  }

  /** As the realtime client does: the same frame again until it is answered. */
  request(end: End, frame: Frame, answered: (answer: Answer) => void): void {
    let isAnswered = false;
    const answer = (what: Answer) => {
      if (isAnswered) return;
      isAnswered = true;
      answered(what);
    };
    const send = () =>
      this.#carry(() => {
        const reply = this.server.handle(end.device, frame, this.time.now);
        this.#carry(() => answer(reply));
      });
    send();
    let wait = 0;
    for (const more of RESEND) this.time.after((wait += more), () => void (isAnswered || send()));
    this.time.after(wait + 5_000, () => answer({ type: "error", code: "no-reply" }));
  }

  #carry(arrive: () => void): void {
    const { lost, doubled, slowest } = this.#weather;
    if (this.time.random() >= lost) this.time.after(this.time.between(1, slowest), arrive);
    if (this.time.random() < doubled) this.time.after(this.time.between(1, 2 * slowest), arrive);
  }
}

function letterOf(from: string, saying: Said & { to: string; seq: number }): Letter {
  const { to, seq, ...said } = saying;
  return { from, to, seq, said };
}
