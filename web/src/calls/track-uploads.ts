/** Sends own sides of recorded calls to the server, and forgets them once it has them. */
import { codeOf, Refused, type Api, type Outside, type UploadForm } from "../realtime/index.ts";
import type { Slices, VoiceTrack } from "./slices.ts";

/** Milliseconds after which a track that no longer grows is one that a closed page left behind. */
const LEFT_BEHIND = 60_000;

const TRIES = 5;

/** What it needs of the API. */
export type TrackApi = Pick<Api, "post" | "upload">;

/** Uploads tracks. */
export class TrackUploads {
  readonly #api: TrackApi;
  readonly #slices: Slices;
  readonly #outside: Outside;

  constructor(api: TrackApi, slices: Slices, outside: Outside) {
    this.#api = api;
    this.#slices = slices;
    this.#outside = outside;
  }

  /** Calls whose own side is still on this device and nowhere else. */
  async unsent(): Promise<string[]> {
    const tracks = await this.#slices.tracks();
    const isOver = (track: VoiceTrack) => track.isComplete || this.#outside.now() - track.changedAt > LEFT_BEHIND;
    return tracks.filter(isOver).map((track) => track.callId);
  }

  /** Send a call's own side; rejects where it could not be, and then it stays here. */
  async send(callId: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#sendOnce(callId);
        return;
      } catch (error) {
        if (isGone(error)) return await this.#slices.forget(callId);
        if (attempt === TRIES || !isPassing(error)) throw error;
        await new Promise<void>((resolve) => this.#outside.after(500 * 2 ** attempt, resolve));
      }
    }
  }

  async #sendOnce(callId: string): Promise<void> {
    const track = (await this.#slices.tracks()).find((one) => one.callId === callId);
    if (track === undefined) return;
    const sound = new Blob(await this.#slices.sound(callId), { type: track.contentType });
    if (sound.size > 0) {
      const { upload } = await this.#api.post<{ upload: UploadForm | null }>(`/v1/calls/${callId}/tracks`, {
        size: sound.size,
        content_type: track.contentType,
        started_at: track.startedAt,
        name: track.name,
      });
      // Without a form it is there already: only the answer was lost.
      if (upload !== null) await this.#api.upload(upload, sound);
    }
    await this.#slices.forget(callId);
  }
}

/** Either of the two may delete the recording: then nobody wants its sides any more. */
function isGone(error: unknown): boolean {
  return error instanceof Refused && (error.more["status"] === 404 || error.more["status"] === 410);
}

function isPassing(error: unknown): boolean {
  const status = error instanceof Refused ? Number(error.more["status"] ?? 0) : 0;
  return codeOf(error) === "unreachable-server" || status === 429 || status >= 500;
}
