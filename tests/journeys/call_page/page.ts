/** A page with a telephone, for tests: it does as it is told, and says what it hears. */
import { Calls, type LiveCall, type Outcome, type RecordingWish } from "../../../web/src/calls/index.ts";
import { Api, Realtime, ticketsOf } from "../../../web/src/realtime/index.ts";
import { Device, Pins } from "../../../web/src/sealed/index.ts";

interface Setup {
  readonly uid: string;
  readonly token: string;
  readonly name: string;
  readonly relayOnly?: boolean;
}

/** What is known of a call, as plain data. */
interface Told {
  readonly id: string;
  readonly phase: string;
  readonly status: string | null;
  readonly outcome: Outcome | null;
  readonly media: string;
  readonly consent: string;
}

class Telephone {
  #calls: Calls | null = null;
  #call: LiveCall | null = null;
  readonly #sound = new Audio();
  /** What happened, in its order. */
  readonly events: string[] = [];
  /** Moments, milliseconds of `performance.now`. */
  readonly moments: Record<string, number> = {};
  isRinging = false;

  /** Make the device known, connect, and wait for calls. */
  async start({ uid, token, name, relayOnly = false }: Setup): Promise<string> {
    const device = await Device.create(uid);
    await device.save();
    const api = new Api(location.origin, () => token);
    const realtime = new Realtime({ getTicket: ticketsOf(api, device.id) });
    this.#calls = new Calls({ realtime, api, device, pins: new Pins(), ownName: name, relayOnly });
    this.#calls.on("incoming", ({ call }) => this.#show(call));
    this.#calls.on("refused", ({ code }) => this.events.push(`refused ${code}`));
    await this.#calls.register();
    const isReady = realtime.next("state", ({ state }) => state === "ready");
    realtime.start();
    await isReady;
    return device.id;
  }

  async call(uid: string): Promise<string> {
    const call = await this.#known().call(uid);
    this.#show(call);
    return call.id;
  }

  accept(): void {
    this.moments["accept"] = performance.timeOrigin + performance.now();
    this.#shown().accept();
  }

  decline(): void {
    this.#shown().decline();
  }

  hangUp(): void {
    this.#shown().hangUp();
  }

  askToRecord(wish: RecordingWish): Promise<void> {
    return this.#shown().askToRecord(wish);
  }

  answerRecording(isAllowed: boolean): Promise<void> {
    return this.#shown().answerRecording(isAllowed);
  }

  stopRecording(): void {
    this.#shown().stopRecording();
  }

  safetyNumberWith(uid: string): Promise<string> {
    return this.#known().safetyNumberWith(uid);
  }

  /** How the call stands that was shown last. */
  told(): Told | null {
    const call = this.#call;
    if (call === null) return null;
    const { id, phase, outcome, media, consent, view } = call;
    return { id, phase, outcome, media, consent, status: view?.status ?? null };
  }

  /** What was heard so far, as the browser counts it (W3C webrtc-stats, RTCInboundRtpStreamStats). */
  async heard(): Promise<Record<string, unknown>> {
    const connection = this.#shown().connection;
    if (connection === null) return {};
    const report = new Map(await connection.getStats());
    const all = [...report.values()] as Record<string, unknown>[];
    const inbound = all.find((one) => one["type"] === "inbound-rtp" && one["kind"] === "audio") ?? {};
    const transport = all.find((one) => one["type"] === "transport");
    const pair = report.get(transport?.["selectedCandidatePairId"] as string) as Record<string, string> | undefined;
    const ends = [pair?.["localCandidateId"], pair?.["remoteCandidateId"]].map((id) => report.get(id as string));
    const { bytesReceived, totalAudioEnergy, totalSamplesReceived, concealedSamples, packetsLost } = inbound;
    const types = ends.map((end) => (end as { candidateType?: string } | undefined)?.candidateType ?? null);
    return { bytesReceived, totalAudioEnergy, totalSamplesReceived, concealedSamples, packetsLost, types };
  }

  /** Resolve when the first sound of the other end has been heard, with when that was. */
  async firstSound(): Promise<number> {
    for (;;) {
      const { totalAudioEnergy } = await this.heard();
      if (typeof totalAudioEnergy === "number" && totalAudioEnergy > 0) return performance.timeOrigin + performance.now();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  #show(call: LiveCall): void {
    this.#call = call;
    this.events.push(`${call.role} ${call.phase}`);
    this.isRinging = call.role === "callee" && call.phase === "ringing";
    call.on("ring", ({ rings }) => (this.isRinging = rings));
    call.on("phase", ({ phase }) => this.events.push(phase));
    call.on("media", ({ state }) => this.events.push(`media ${state}`));
    call.on("consent", ({ state }) => this.events.push(`consent ${state}`));
    call.on("track", ({ isSent, code }) => this.events.push(isSent ? "track sent" : `track kept ${code}`));
    call.on("heard", ({ stream }) => {
      this.#sound.srcObject = stream;
      void this.#sound.play();
    });
  }

  #known(): Calls {
    if (this.#calls === null) throw new Error("not started");
    return this.#calls;
  }

  #shown(): LiveCall {
    if (this.#call === null) throw new Error("no call");
    return this.#call;
  }
}

declare global {
  var telephone: Telephone;
}

globalThis.telephone = new Telephone();
