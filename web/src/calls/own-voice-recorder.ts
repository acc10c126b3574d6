/** Records the own microphone of a call, never the other's sound, once both have agreed. */
import type { Agreement } from "./consent.ts";
import type { Slices, VoiceTrack } from "./slices.ts";

/** What it writes. */
export const CONTENT_TYPE = "audio/webm;codecs=opus";

/** Milliseconds of sound in one slice: what a crash may cost. */
export const SLICE = 5_000;

const BITS_PER_SECOND = 32_000;

/** What it is made with. */
export interface RecorderParts {
  readonly slices: Slices;
  /** The server's clock: by it the two sides are laid over each other. */
  readonly serverNow: () => number;
  readonly now: () => number;
  readonly record: (track: MediaStreamTrack) => MediaRecorder;
}

/** The browser's recorder, of one track. */
export function recordTrack(track: MediaStreamTrack): MediaRecorder {
  return new MediaRecorder(new MediaStream([track]), { mimeType: CONTENT_TYPE, audioBitsPerSecond: BITS_PER_SECOND });
}

/** Records one call's own voice. */
export class OwnVoiceRecorder {
  readonly #parts: RecorderParts;
  readonly #recorder: MediaRecorder;
  #track: VoiceTrack;
  #count = 0;
  #saving: Promise<void>;
  readonly #stopped: Promise<void>;

  /** Begin; it takes what both have signed, so that nothing is recorded without. */
  constructor(callId: string, name: string, microphone: MediaStreamTrack, _agreement: Agreement, parts: RecorderParts) {
    this.#parts = parts;
    this.#recorder = parts.record(microphone);
    this.#track = {
      callId,
      name,
      contentType: CONTENT_TYPE,
      startedAt: Math.round(parts.serverNow()),
      changedAt: parts.now(),
      isComplete: false,
    };
    this.#saving = parts.slices.describe(this.#track);
    this.#recorder.onstart = () => this.#describe({ startedAt: Math.round(parts.serverNow()) });
    this.#recorder.ondataavailable = ({ data }) => this.#keep(data);
    this.#stopped = new Promise((resolve) => (this.#recorder.onstop = () => resolve()));
    this.#recorder.start(SLICE);
  }

  /** End it; resolves when every slice is kept. */
  async stop(): Promise<void> {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
    await this.#stopped;
    this.#describe({ isComplete: true });
    await this.#saving;
  }

  #keep(data: Blob): void {
    if (data.size === 0) return;
    const number = this.#count;
    this.#count += 1;
    this.#saving = this.#saving.then(() => this.#parts.slices.add(this.#track.callId, number, data));
    this.#describe({});
  }

  #describe(change: Partial<VoiceTrack>): void {
    this.#track = { ...this.#track, ...change, changedAt: this.#parts.now() };
    const track = this.#track;
    this.#saving = this.#saving.then(() => this.#parts.slices.describe(track));
  }
}
