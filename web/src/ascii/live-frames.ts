/** Frames of a video that is being drawn as characters, shown while it is (docs/ascii.md, "Watch it live"). */
import { isObject, readNumber, type Bytes } from "../sealed/bytes.ts";

/** A frame. */
export interface LiveFrame {
  readonly jobId: string;
  /** Counts from 0; many are left out. */
  readonly number: number;
  /** When the video shows it. */
  readonly milliseconds: number;
  readonly columns: number;
  readonly rows: number;
  /** The rows, each ended by a line break. */
  readonly text: string;
}

/** No frame. */
export class NotAFrame extends Error {}

/** The client of `parley.v1`, as far as it is used here (`Realtime`). */
export interface Line {
  on(name: "ascii.frame" | "ascii.end", listener: (event: unknown) => void): () => void;
  on(name: "state", listener: (event: { state: string }) => void): () => void;
  request(frame: { type: "watch"; job_id: string } | { type: "unwatch" }): Promise<unknown>;
}

/** Where frames are shown. */
export interface Screen {
  show(frame: LiveFrame): void;
  /** No more come of this attempt; what became of it stands in the job. */
  ended(): void;
  /** The server does not show this job: there is none, or not one's own. */
  refused(error: unknown): void;
}

/** Seconds after which the server is told again that somebody watches; it forgets it after 60. */
export const WATCH_EVERY = 30;

const MOST_TEXT = 240 * 240 * 3 + 240;
const MOST_DATA = 128 * 1024;

/** Read an `ascii.frame`; rejects with NotAFrame. */
export async function readFrame(event: unknown): Promise<LiveFrame> {
  try {
    if (!isObject(event) || typeof event["job_id"] !== "string") throw new NotAFrame("not an event of a job");
    const [columns, rows] = [readNumber(event["columns"]), readNumber(event["rows"])];
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await inflated(bytesOf(event["data"])));
    const lines = text.split("\n");
    const isWhole = lines.pop() === "" && lines.length === rows && lines.every((line) => [...line].length === columns);
    if (!isWhole || rows === 0 || columns === 0) throw new NotAFrame("not as many characters as it says");
    const [number, milliseconds] = [readNumber(event["frame_number"]), readNumber(event["milliseconds"])];
    return { jobId: event["job_id"], number, milliseconds, columns, rows, text };
  } catch (error) {
    throw error instanceof NotAFrame ? error : new NotAFrame("not to be read", { cause: error });
  }
}

/** Show a job's frames until the returned function is called; on every new connection the server is told again. */
export function watch(line: Line, jobId: string, screen: Screen): () => void {
  const newest = new Newest(screen);
  const isOurs = (event: unknown): boolean => isObject(event) && event["job_id"] === jobId;
  let isOver = false;
  const tell = (): void => {
    line.request({ type: "watch", job_id: jobId }).catch((error: unknown) => {
      if (!isOver) screen.refused(error);
    });
  };
  const stops = [
    line.on("ascii.frame", (event) => isOurs(event) && newest.take(event)),
    line.on("ascii.end", (event) => isOurs(event) && newest.end()),
    line.on("state", ({ state }) => state === "ready" && tell()),
  ];
  const timer = setInterval(tell, WATCH_EVERY * 1000);
  tell();
  return () => {
    isOver = true;
    clearInterval(timer);
    newest.stop();
    for (const stop of stops) stop();
    line.request({ type: "unwatch" }).catch(() => {});
  };
}

/** Reads one frame at a time, and of those that come meanwhile the last: a slow page shows fewer, and none late. */
class Newest {
  readonly #screen: Screen;
  #waiting: unknown = null;
  #isReading = false;
  #hasEnded = false;
  #isOver = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  take(event: unknown): void {
    this.#waiting = event;
    this.#hasEnded = false;
    if (!this.#isReading) void this.#read();
  }

  end(): void {
    this.#hasEnded = true;
    if (!this.#isReading) this.#tellEnd();
  }

  stop(): void {
    this.#isOver = true;
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    while (this.#waiting !== null) {
      const event = this.#waiting;
      this.#waiting = null;
      const frame = await readFrame(event).catch(() => null);
      if (frame !== null && !this.#isOver) this.#screen.show(frame);
    }
    this.#isReading = false;
    if (this.#hasEnded) this.#tellEnd();
  }

  #tellEnd(): void {
    this.#hasEnded = false;
    if (!this.#isOver) this.#screen.ended();
  }
}

function bytesOf(data: unknown): Bytes {
  if (typeof data !== "string" || data.length > MOST_DATA) throw new NotAFrame("no data, or too much");
  return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
}

/** Inflate; what is longer than the longest frame is not inflated to its end. */
async function inflated(packed: Bytes): Promise<Bytes> {
  const text = new Uint8Array(MOST_TEXT);
  let length = 0;
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return text.subarray(0, length);
    if (length + value.length > MOST_TEXT) {
      await reader.cancel();
      throw new NotAFrame("larger than a frame may be");
    }
    text.set(value, length);
    length += value.length;
  }
}
