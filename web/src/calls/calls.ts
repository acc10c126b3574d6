/** All calls of this device: makes them, takes them, lists them. */
import { type Api, browser, type Call, codeOf, Emitter, type Envelope, type Outside, type Realtime, type Synced } from "../realtime/index.ts";
import { type Device, headerOf, newId, type Pins, Refused, type Sight } from "../sealed/index.ts";
import { Directory } from "./directory.ts";
import { iceConfiguration } from "./ice.ts";
import { LiveCall, type LiveCallParts } from "./live-call.ts";
import { CallMachine, type Me, type Phase } from "./machine.ts";
import { recordTrack, type RecorderParts } from "./own-voice-recorder.ts";
import { IndexedDbSlices, type Slices } from "./slices.ts";
import { TrackUploads } from "./track-uploads.ts";

/** What is told. */
export interface CallsEvents {
  /** Somebody calls: it rings; or is taken already, where both called each other. */
  "incoming": { call: LiveCall };
  /** Somebody seems to call, but what came is not believed. */
  "refused": { callId: string; code: string };
  /** Somebody's devices are others than last time. */
  "devices": { unique_id: string; sight: Sight };
}

/** A past call, of `GET /v1/calls`. */
export interface LoggedCall extends Record<string, unknown> {
  readonly id: string;
}

/** What it is made with; what a browser has is the default. */
export interface CallsParts {
  readonly realtime: Realtime;
  readonly api: Api;
  readonly device: Device;
  readonly pins: Pins;
  /** What the own side of a recording is called. */
  readonly ownName: string;
  /** Never tell the other this device's address. */
  readonly relayOnly?: boolean;
  readonly microphone?: () => Promise<MediaStream>;
  readonly connect?: (configuration: RTCConfiguration) => RTCPeerConnection;
  readonly slices?: Slices;
  readonly record?: RecorderParts["record"];
  readonly outside?: Outside;
}

/** Calls that are remembered after their end, so that a late frame does not make one ring again. */
const REMEMBERED = 50;

/** Makes and takes calls. One page of a browser has it at a time: two would both answer, being the same device. */
export class Calls extends Emitter<CallsEvents> {
  readonly #parts: CallsParts;
  readonly #directory: Directory;
  readonly #uploads: TrackUploads;
  readonly #outside: Outside;
  readonly #slices: Slices;
  readonly #calls = new Map<string, LiveCall>();
  /** Calls whose offer is being opened, and how they stand by now. */
  readonly #opening = new Map<string, Call>();
  /** The call that is to be taken as soon as it comes: both have called each other. */
  #wanted: string | null = null;
  #current: LiveCall | null = null;

  constructor(parts: CallsParts) {
    super();
    this.#parts = parts;
    this.#outside = parts.outside ?? browser;
    this.#slices = parts.slices ?? new IndexedDbSlices();
    this.#uploads = new TrackUploads(parts.api, this.#slices, this.#outside);
    const noticed = (unique_id: string, sight: Sight) => this.emit("devices", { unique_id, sight });
    this.#directory = new Directory(parts.api, parts.device, parts.pins, noticed);
    this.#listen(parts.realtime);
  }

  /** The call that rings or runs here. */
  get current(): LiveCall | null {
    return this.#current;
  }

  /** Make this device known to the server: before that, no ticket of it opens a connection. */
  register(): Promise<void> {
    return this.#directory.register();
  }

  /** The number that both see, if nobody is between them. */
  safetyNumberWith(uid: string): Promise<string> {
    return this.#directory.safetyNumberWith(uid);
  }

  /** Call somebody, on all of their devices; rejects where there is no device to call, or a call already. */
  async call(uid: string): Promise<LiveCall> {
    if (this.#current !== null) throw new CannotCall("line-taken");
    const peers = await this.#directory.devicesOf(uid);
    if (peers.size === 0) throw new CannotCall("unreachable");
    if (this.#current !== null) throw new CannotCall("line-taken");
    const machine = CallMachine.calling(newId("call"), this.#me, uid, [...peers.keys()]);
    const call = this.#adopt(new LiveCall(machine, this.#partsOf(peers)));
    call.begin((callId) => this.#take(callId));
    return call;
  }

  /** Past calls, newest first. */
  list(query: { cursor?: string; includeSecret?: boolean } = {}): Promise<{ items: LoggedCall[]; next_cursor: string | null }> {
    const asked = new URLSearchParams();
    if (query.cursor !== undefined) asked.set("cursor", query.cursor);
    if (query.includeSecret === true) asked.set("include_secret", "true");
    return this.#parts.api.get(`/v1/calls?${asked}`);
  }

  /** Send own sides of recorded calls that a closed page left here; returns the calls whose side still is. */
  async sendUnsent(): Promise<string[]> {
    const left: string[] = [];
    for (const callId of await this.#uploads.unsent()) {
      if (this.#current?.id !== callId) await this.#uploads.send(callId).catch(() => left.push(callId));
    }
    return left;
  }

  get #me(): Me {
    return { uid: this.#parts.device.uid, device: this.#parts.device.id };
  }

  #listen(realtime: Realtime): void {
    realtime.syncFrame = () =>
      this.#current === null ? { type: "sync" } : { type: "sync", call_id: this.#current.id, have: this.#current.have };
    realtime.on("call.incoming", ({ call, envelope }) => void this.#incoming(call, envelope));
    realtime.on("call.state", ({ call }) => this.#told(call));
    realtime.on("call.ringing", ({ call_id }) => this.#calls.get(call_id)?.ringsThere());
    realtime.on("signal", ({ envelope }) => this.#signal(envelope));
    realtime.on("call-lost", ({ call_id }) => this.#calls.get(call_id)?.sync());
    realtime.on("synced", (synced) => this.#synced(synced));
  }

  #told(call: Call): void {
    const opening = this.#opening.get(call.id);
    if (opening !== undefined && call.version > opening.version) this.#opening.set(call.id, call);
    this.#calls.get(call.id)?.told(call);
  }

  #signal(envelope: Envelope): void {
    try {
      void this.#calls.get(headerOf(envelope).call)?.receive(envelope);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
    }
  }

  #synced(synced: Synced): void {
    const { call, offer } = synced;
    const known = call === null ? this.#current : this.#calls.get(call.id);
    if (known) void known.caughtUp(synced);
    else if (call !== null && offer !== null && call.status === "ringing") void this.#incoming(call, offer);
  }

  async #incoming(call: Call, envelope: Envelope): Promise<void> {
    const isMine = call.callee === this.#me.uid && this.#parts.realtime.clock.now() < Date.parse(call.ring_until);
    if (!isMine || this.#calls.has(call.id) || this.#opening.has(call.id)) return;
    this.#opening.set(call.id, call);
    try {
      await this.#open(call, envelope);
    } catch (error) {
      this.emit("refused", { callId: call.id, code: codeOf(error) });
    } finally {
      this.#opening.delete(call.id);
    }
  }

  async #open(call: Call, envelope: Envelope): Promise<void> {
    const peers = await this.#directory.devicesOf(call.caller);
    const peer = peers.get(call.caller_device);
    if (peer === undefined) throw new CannotCall("unknown-device");
    const { device, realtime } = this.#parts;
    const now = realtime.clock.now();
    const { body } = await device.open(peer, envelope, { call: call.id, type: "offer" }, now);
    const { sdp } = body as { sdp: string };
    // It may have been given up while its seal was being opened.
    const machine = CallMachine.called(this.#opening.get(call.id) ?? call, this.#me, { sdp }, now);
    const live = this.#adopt(new LiveCall(machine, this.#partsOf(peers)));
    live.begin();
    if (this.#wanted === call.id) live.accept();
    if (live.phase !== "over") this.emit("incoming", { call: live });
  }

  /** Their call came first: it is taken, since this user wants to speak with them. */
  #take(callId: string): void {
    this.#wanted = callId;
    const known = this.#calls.get(callId);
    if (known !== undefined) known.accept();
    else void this.#parts.realtime.request({ type: "sync" }).then((synced) => this.#synced(synced)).catch(() => {});
  }

  #adopt(call: LiveCall): LiveCall {
    this.#calls.set(call.id, call);
    for (const id of [...this.#calls.keys()].slice(0, -REMEMBERED)) this.#calls.delete(id);
    if (call.phase === "over") return call;
    // One that comes while another is being begun: the server lets only one of them be, and this one is.
    this.#current = call;
    if (call.role === "callee") this.#parts.realtime.hold(call.id);
    call.on("phase", ({ phase }) => this.#moved(call, phase));
    return call;
  }

  /** The line is held while there is one: an invite that is on its way has none. */
  #moved(call: LiveCall, phase: Phase): void {
    if (this.#current !== call) return;
    if (phase === "over") this.#current = null;
    this.#parts.realtime.hold(phase === "over" || phase === "inviting" ? null : call.id);
  }

  #partsOf(peers: LiveCallParts["peers"]): LiveCallParts {
    const { realtime, api, device, ownName, relayOnly = false } = this.#parts;
    return {
      realtime,
      device,
      api,
      peers,
      ownName,
      microphone: this.#parts.microphone ?? openMicrophone,
      connect: this.#parts.connect ?? ((configuration) => new RTCPeerConnection(configuration)),
      iceConfiguration: () => iceConfiguration(api, relayOnly),
      outside: this.#outside,
      recorder: { slices: this.#slices, record: this.#parts.record ?? recordTrack },
      uploads: this.#uploads,
    };
  }
}

/** A call cannot be begun. */
export class CannotCall extends Error {
  override readonly name = "CannotCall";

  constructor(readonly code: "line-taken" | "unreachable" | "unknown-device") {
    super(code);
  }
}

function openMicrophone(): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
}
