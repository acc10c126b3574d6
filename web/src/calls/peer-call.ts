/** Does what a call's machine wants with an RTCPeerConnection, one thing after the other. */
import type { Cancel, Outside } from "../realtime/index.ts";
import type { Effect } from "./effects.ts";

/** Candidates found within this many milliseconds travel together: a frame each would be twenty frames a call. */
export const BATCH = 200;

/** What it tells the machine. */
export interface PeerHears {
  offered(sdp: string): void;
  answered(sdp: string): void;
  candidates(found: (RTCIceCandidateInit | null)[]): void;
  connection(state: "connected" | "disconnected" | "failed"): void;
  failed(reason: string): void;
  /** The other end's sound. */
  heard(stream: MediaStream): void;
}

/** What it is made with. */
export interface PeerParts {
  readonly outside: Outside;
  readonly connect: (configuration: RTCConfiguration) => RTCPeerConnection;
  /** Fresh for each connection and each new search for a way: credentials of relays are short-lived. */
  readonly iceConfiguration: () => Promise<RTCConfiguration>;
  readonly microphone: () => Promise<MediaStream>;
}

/** Effects that are for the peer connection. */
export type PeerEffect = Extract<Effect, { do: "make-offer" | "take-offer" | "take-answer" | "take-candidates" | "close-peer" }>;

/** One end's peer connection; there is none before the first effect that needs one. */
export class PeerCall {
  readonly #parts: PeerParts;
  readonly #hears: PeerHears;
  #queue: Promise<void> = Promise.resolve();
  #connection: RTCPeerConnection | null = null;
  #isClosed = false;
  #batch: (RTCIceCandidateInit | null)[] = [];
  #cancelBatch: Cancel | null = null;
  /** Candidates that overtook the description they belong to. */
  #early: RTCIceCandidateInit[] = [];

  constructor(parts: PeerParts, hears: PeerHears) {
    this.#parts = parts;
    this.#hears = hears;
  }

  /** The connection, for its statistics. */
  get connection(): RTCPeerConnection | null {
    return this.#connection;
  }

  /** Do something, after everything before it. */
  do(effect: PeerEffect): void {
    if (effect.do === "close-peer") {
      this.#close();
      return;
    }
    this.#queue = this.#queue
      .then(() => (this.#isClosed ? undefined : this.#perform(effect)))
      .catch((error: unknown) => this.#fail(error));
  }

  async #perform(effect: PeerEffect): Promise<void> {
    if (effect.do === "make-offer") await this.#makeOffer(effect.restart);
    else if (effect.do === "take-offer") await this.#takeOffer(effect.sdp);
    else if (effect.do === "take-answer") await this.#describe({ type: "answer", sdp: effect.sdp });
    else if (effect.do === "take-candidates") await this.#takeCandidates(effect.candidates);
  }

  async #makeOffer(isRestart: boolean): Promise<void> {
    const connection = await this.#ready();
    if (isRestart) connection.restartIce();
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    // As it was made: the local description may name candidates by now, and those wait until the call is accepted.
    this.#tell(() => this.#hears.offered(offer.sdp ?? ""));
  }

  async #takeOffer(sdp: string): Promise<void> {
    const connection = await this.#ready();
    await this.#describe({ type: "offer", sdp });
    const answer = await connection.createAnswer();
    await connection.setLocalDescription(answer);
    this.#tell(() => this.#hears.answered(answer.sdp ?? ""));
  }

  async #describe(description: RTCSessionDescriptionInit): Promise<void> {
    await this.#connection?.setRemoteDescription(description);
    const early = this.#early;
    this.#early = [];
    await this.#takeCandidates(early);
  }

  async #takeCandidates(candidates: readonly (RTCIceCandidateInit | null)[]): Promise<void> {
    for (const candidate of candidates) {
      try {
        await this.#connection?.addIceCandidate(candidate ?? undefined);
      } catch {
        // One that cannot be used is no reason to end a call; it may belong to a description that is still to come.
        if (candidate?.usernameFragment) this.#early.push(candidate);
      }
    }
  }

  /** The connection, with fresh servers. */
  async #ready(): Promise<RTCPeerConnection> {
    if (this.#connection !== null) {
      await this.#refresh(this.#connection);
      return this.#connection;
    }
    const [configuration, microphone] = await Promise.all([this.#parts.iceConfiguration(), this.#parts.microphone()]);
    const connection = this.#parts.connect(configuration);
    this.#connection = connection;
    if (this.#isClosed) this.#close();
    else this.#listen(connection);
    for (const track of microphone.getAudioTracks()) connection.addTrack(track, microphone);
    return connection;
  }

  async #refresh(connection: RTCPeerConnection): Promise<void> {
    try {
      connection.setConfiguration(await this.#parts.iceConfiguration());
    } catch {
      // The old servers may still do: a call is not ended because new ones could not be had.
    }
  }

  #listen(connection: RTCPeerConnection): void {
    connection.onicecandidate = ({ candidate }) => this.#found(candidate);
    connection.ontrack = ({ streams: [stream], track }) => this.#hears.heard(stream ?? new MediaStream([track]));
    connection.onconnectionstatechange = () => {
      const state = connection.connectionState;
      if (state === "connected" || state === "disconnected" || state === "failed") this.#tell(() => this.#hears.connection(state));
    };
  }

  #found(candidate: RTCIceCandidate | null): void {
    this.#batch.push(candidate?.toJSON() ?? null);
    if (candidate === null) this.#send();
    else this.#cancelBatch ??= this.#parts.outside.after(BATCH, () => this.#send());
  }

  #send(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = null;
    const batch = this.#batch;
    this.#batch = [];
    this.#tell(() => this.#hears.candidates(batch));
  }

  #fail(error: unknown): void {
    const isMicrophone = error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "NotFoundError");
    this.#tell(() => this.#hears.failed(isMicrophone ? "no-microphone" : "media-failed"));
  }

  #close(): void {
    this.#isClosed = true;
    this.#cancelBatch?.();
    this.#connection?.close();
  }

  #tell(say: () => void): void {
    if (!this.#isClosed) say();
  }
}
