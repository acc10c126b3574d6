/** A call that rings, runs or is over, at this end: what a page shows and its buttons do. */
import {
  type Api,
  type Call,
  type Cancel,
  type ClientFrame,
  codeOf,
  Emitter,
  type Envelope,
  NO_REPLY,
  type Outside,
  type Realtime,
  type Synced,
} from "../realtime/index.ts";
import { type ConsentKind, type Device, headerOf, type Peer, Refused, type Statement, verifyStatement } from "../sealed/index.ts";
import { type Agreement, Consent, type ConsentEffect, type ConsentState } from "./consent.ts";
import type { Effect, MediaState, Outcome, RecordWord, Saying } from "./effects.ts";
import type { CallMachine, Phase } from "./machine.ts";
import { OwnVoiceRecorder, type RecorderParts } from "./own-voice-recorder.ts";
import { PeerCall } from "./peer-call.ts";
import { readSaid } from "./said.ts";
import type { TrackUploads } from "./track-uploads.ts";

/** What a call tells whoever shows it. */
export interface LiveCallEvents {
  "phase": { phase: Phase };
  /** The phone is to ring; for a caller: it rings at the other end. */
  "ring": { rings: boolean };
  "media": { state: MediaState };
  /** The other end's sound. */
  "heard": { stream: MediaStream };
  "consent": { state: ConsentState };
  /** The own side of a recorded call is with the server; or could not be sent yet, and is kept here. */
  "track": { isSent: boolean; code?: string };
  "over": { outcome: Outcome };
}

/** What becomes of the recording of a call, for whoever asks for it: as `POST /v1/calls/{id}/recording` takes it. */
export interface RecordingWish {
  /** What the other is called in the transcript. */
  readonly name?: string;
  readonly title?: string;
  readonly language?: string;
  readonly process?: readonly Record<string, unknown>[];
  readonly keep_until?: string | null;
}

/** What a call is made with. */
export interface LiveCallParts {
  readonly realtime: Pick<Realtime, "request" | "clock">;
  readonly device: Device;
  readonly api: Pick<Api, "post">;
  /** The other's devices, by their ids, with pinned keys. */
  readonly peers: ReadonlyMap<string, Peer>;
  readonly microphone: () => Promise<MediaStream>;
  readonly connect: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly iceConfiguration: () => Promise<RTCConfiguration>;
  readonly outside: Outside;
  readonly recorder: Pick<RecorderParts, "slices" | "record">;
  readonly uploads: TrackUploads;
  /** What the own side of a recording is called. */
  readonly ownName: string;
}

/** So often is said what must be known to the server, such as the end of a call, each time for as long as a request waits. */
const TRIES = 3;

type Telling = Extract<ClientFrame, { type: "call.ringing" | "call.connected" | "call.hangup" | "call.decline" }>;

/** One call. */
export class LiveCall extends Emitter<LiveCallEvents> {
  readonly #machine: CallMachine;
  readonly #parts: LiveCallParts;
  readonly #peer: PeerCall;
  readonly #consent: Consent;
  #microphone: Promise<MediaStream> | null = null;
  #isMuted = false;
  #wish: RecordingWish = {};
  #recorder: OwnVoiceRecorder | null = null;
  #cancelAlarm: Cancel = () => {};
  #sealing: Promise<unknown> = Promise.resolve();
  #glare: (callId: string) => void = () => {};

  constructor(machine: CallMachine, parts: LiveCallParts) {
    super();
    this.#machine = machine;
    this.#parts = parts;
    this.#consent = new Consent(machine.role === "caller");
    this.#peer = new PeerCall(
      { ...parts, microphone: () => this.#ownMicrophone() },
      {
        offered: (sdp) => this.#tell((it) => it.offered(sdp)),
        answered: (sdp) => this.#tell((it) => it.answered(sdp)),
        candidates: (found) => this.#tell((it) => it.candidates(found)),
        connection: (state) => this.#tell((it) => it.connection(state, this.#now)),
        failed: (reason) => this.#tell((it) => it.peerFailed(reason)),
        heard: (stream) => this.emit("heard", { stream }),
      },
    );
  }

  get id(): string {
    return this.#machine.callId;
  }

  get role(): "caller" | "callee" {
    return this.#machine.role;
  }

  /** The other's 8-digit number. */
  get other(): string {
    return this.#machine.other;
  }

  get phase(): Phase {
    return this.#machine.phase;
  }

  get outcome(): Outcome | null {
    return this.#machine.outcome;
  }

  get media(): MediaState {
    return this.#machine.media;
  }

  /** The call as the server last showed it. */
  get view(): Call | null {
    return this.#machine.view;
  }

  get consent(): ConsentState {
    return this.#consent.state;
  }

  /** What a sync is to ask. */
  get have(): Record<string, number> {
    return this.#machine.have;
  }

  /** The peer connection, for its statistics; null before the call is accepted. */
  get connection(): RTCPeerConnection | null {
    return this.#peer.connection;
  }

  /** Begin: do what the machine wants first. `glare` is told which call of theirs to take instead. */
  begin(glare: (callId: string) => void = () => {}): void {
    this.#glare = glare;
    this.#tell(() => {});
  }

  accept(): void {
    this.#tell((it) => it.accept());
  }

  decline(reason: "declined" | "busy" = "declined"): void {
    this.#tell((it) => it.decline(reason));
  }

  hangUp(): void {
    this.#tell((it) => it.hangUp());
  }

  /** Say nothing for a while; a recording of the own voice is silent then, too. */
  async mute(isMuted: boolean): Promise<void> {
    this.#isMuted = isMuted;
    // A call that only rings opens no microphone, not even to close it.
    for (const track of (await this.#microphone)?.getAudioTracks() ?? []) track.enabled = !this.#isMuted;
  }

  /** Ask the other whether the call may be recorded. */
  async askToRecord(wish: RecordingWish = {}): Promise<void> {
    this.#wish = wish;
    if (this.#consent.state === "none") this.#agree(this.#consent.ask(await this.#statement("request")));
  }

  /** Answer their question. */
  async answerRecording(isAllowed: boolean): Promise<void> {
    if (this.#consent.state !== "asked") return;
    this.#agree(isAllowed ? this.#consent.allow(await this.#statement("grant")) : this.#consent.deny());
  }

  /** End the recording at both ends, or take the question back. */
  stopRecording(): void {
    this.#agree(this.#consent.stop());
  }

  /** The server says how the call stands. */
  told(call: Call): void {
    this.#tell((it) => it.call(call, this.#now));
  }

  /** One of the callee's devices rings. */
  ringsThere(): void {
    this.#tell((it) => it.ringsThere());
  }

  /** Take an envelope of this call: one that is not believed, or not wanted any more, changes nothing. */
  async receive(envelope: Envelope): Promise<void> {
    try {
      const { fd, seq } = headerOf(envelope);
      const peer = this.#parts.peers.get(fd);
      if (peer === undefined || !this.#machine.wants(fd, seq)) return;
      const { header, body } = await this.#parts.device.open(peer, envelope, { call: this.id }, this.#now);
      const said = readSaid(header.type, body);
      if (said !== null) this.#tell((it) => it.opened(fd, seq, said, this.#now));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  /** Take in what a sync brought. */
  async caughtUp(synced: Synced): Promise<void> {
    for (const envelope of synced.envelopes) await this.receive(envelope);
    this.#tell((it) => it.synced(synced.call, this.#now));
    if (synced.more) this.sync();
  }

  /** Ask how the call stands, and for what is missing. */
  sync(): void {
    void this.#sync(this.have);
  }

  get #now(): number {
    return this.#parts.realtime.clock.now();
  }

  #tell(what: (machine: CallMachine) => void): void {
    const { phase } = this.#machine;
    what(this.#machine);
    if (phase !== this.#machine.phase) this.emit("phase", { phase: this.#machine.phase });
    for (const effect of this.#machine.take()) this.#do(effect);
    this.#cancelAlarm();
    const { deadline } = this.#machine;
    if (deadline === null) return;
    const wait = Math.max(0, deadline - this.#now);
    this.#cancelAlarm = this.#parts.outside.after(wait, () => this.#tell((it) => it.tick(this.#now)));
  }

  #do(effect: Effect): void {
    switch (effect.do) {
      case "ring":
      case "stop-ringing":
        return this.emit("ring", { rings: effect.do === "ring" });
      case "invite":
        return void this.#invite(effect.sdp);
      case "frame":
        return void this.#frame(effect.type, effect.reason);
      case "decline":
        return void this.#ask({ type: "call.decline", call_id: this.id, reason: effect.reason });
      case "accept":
        return void this.#accept(effect.saying);
      case "say":
        return void this.#say(effect.saying);
      case "sync":
        return void this.#sync(effect.have);
      case "record":
        return void this.#hearRecord(effect.word, effect.statement);
      case "media":
        return this.emit("media", { state: effect.state });
      case "glare":
        return this.#glare(effect.callId);
      case "over":
        return this.#over(effect.outcome);
      default:
        return this.#peer.do(effect);
    }
  }

  async #invite(sdp: string): Promise<void> {
    try {
      const offers = await Promise.all(
        [...this.#parts.peers.values()].map((peer) => this.#seal(peer, { type: "offer", seq: 0 }, { sdp })),
      );
      const invite = { type: "call.invite", call_id: this.id, to: this.other, offers } as const;
      const { call } = await this.#parts.realtime.request(invite);
      if (call !== undefined) this.told(call);
    } catch (error) {
      this.#refused("call.invite", error);
    }
  }

  async #accept(saying: Saying): Promise<void> {
    try {
      const envelope = await this.#sealed(saying);
      const { call } = await this.#parts.realtime.request({ type: "call.accept", call_id: this.id, envelope });
      if (call !== undefined) this.told(call);
    } catch (error) {
      this.#refused("call.accept", error);
    }
  }

  /** Whatever has a number is said: without it the other end would wait for it. */
  async #say(saying: Saying): Promise<void> {
    const envelope = await this.#sealed(saying);
    while (this.phase !== "over") {
      try {
        await this.#parts.realtime.request({ type: "signal", envelope });
        return;
      } catch (error) {
        if (codeOf(error) !== NO_REPLY) return this.#refused("signal", error);
      }
    }
  }

  async #frame(type: "call.ringing" | "call.connected" | "call.hangup", reason?: string): Promise<void> {
    const frame = { type, call_id: this.id };
    const refusal = await this.#ask(reason === undefined ? frame : { ...frame, type: "call.hangup", reason });
    if (type === "call.connected" && refusal !== null) this.#refused("call.connected", refusal);
  }

  async #sync(have: Record<string, number>): Promise<void> {
    try {
      await this.caughtUp(await this.#parts.realtime.request({ type: "sync", call_id: this.id, have }));
    } catch (error) {
      this.#refused("sync", error);
    }
  }

  /** Ask something whose answer is how the call stands; returns why it was refused, or null. */
  async #ask(frame: Telling): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { call } = await this.#parts.realtime.request(frame);
        if (call !== undefined) this.told(call);
        return null;
      } catch (error) {
        if (attempt === TRIES || codeOf(error) !== NO_REPLY) return error;
      }
    }
  }

  #refused(frame: Parameters<CallMachine["refused"]>[0], error: unknown): void {
    const more = typeof error === "object" && error !== null && "more" in error ? error.more : {};
    this.#tell((it) => it.refused(frame, { code: codeOf(error), more: more as Record<string, unknown> }));
  }

  #sealed(saying: Saying): Promise<Envelope> {
    const peer = this.#parts.peers.get(saying.to);
    if (peer === undefined) throw new RangeError("a device that was not called has answered");
    const sealed = this.#sealing.then(() => this.#seal(peer, saying, saying.body));
    this.#sealing = sealed.catch(() => {});
    return sealed;
  }

  #seal(peer: Peer, { type, seq }: { type: string; seq: number }, body: unknown): Promise<Envelope> {
    return this.#parts.device.seal(peer, { call: this.id, type, seq }, body, this.#now);
  }

  #statement(kind: ConsentKind): Promise<Statement> {
    return this.#parts.device.consent(kind, this.id, Math.round(this.#now));
  }

  async #hearRecord(word: RecordWord, statement: Statement | null): Promise<void> {
    const isSigned = word === "request" || word === "grant";
    if (isSigned && !(await this.#isTheirs(statement, word))) return;
    this.#agree(this.#consent.hear(word, statement));
  }

  async #isTheirs(statement: Statement | null, kind: ConsentKind): Promise<boolean> {
    const peer = this.#parts.peers.get(this.#machine.peer ?? "");
    if (peer === undefined || statement === null) return false;
    try {
      await verifyStatement(statement, peer, { call: this.id, kind });
      return true;
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }

  #agree(effects: ConsentEffect[]): void {
    this.emit("consent", { state: this.#consent.state });
    for (const effect of effects) {
      if (effect.do === "say") this.#tell((it) => it.record(effect.word, effect.statement));
      else if (effect.do === "start") void this.#record(effect.agreement);
      else void this.#keepRecording();
    }
  }

  async #record(agreement: Agreement): Promise<void> {
    try {
      const { request, grant, isOurs } = agreement;
      if (isOurs) await this.#parts.api.post(`/v1/calls/${this.id}/recording`, { ...this.#wish, request, grant });
      const [track] = (await this.#ownMicrophone()).getAudioTracks();
      // Whoever stopped it in the meantime, or hung up, has stopped it.
      if (track === undefined || this.#consent.state !== "agreed") return;
      const parts = { ...this.#parts.recorder, serverNow: () => this.#now, now: () => this.#parts.outside.now() };
      this.#recorder = new OwnVoiceRecorder(this.id, this.#parts.ownName, track, agreement, parts);
    } catch (error) {
      this.emit("track", { isSent: false, code: codeOf(error) });
      this.stopRecording();
    }
  }

  async #keepRecording(): Promise<void> {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder === null) return;
    await recorder.stop();
    try {
      await this.#parts.uploads.send(this.id);
      this.emit("track", { isSent: true });
    } catch (error) {
      this.emit("track", { isSent: false, code: codeOf(error) });
    }
  }

  #over(outcome: Outcome): void {
    this.#cancelAlarm();
    // The recorder is ended before the microphone is: its last slice is sound, too.
    this.#agree(this.#consent.end());
    void this.#microphone?.then((stream) => stream.getTracks().forEach((track) => track.stop())).catch(() => {});
    this.emit("over", { outcome });
  }

  #ownMicrophone(): Promise<MediaStream> {
    this.#microphone ??= this.#parts.microphone().then((stream) => {
      for (const track of stream.getAudioTracks()) track.enabled = !this.#isMuted;
      return stream;
    });
    return this.#microphone;
  }
}
