/** The server, or the lack of it, refused something; `code` is for programs, the message for people. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    readonly code: string,
    message = code,
    /** Whatever else was said, such as `call_id` and `retry_after`. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
  }
}

/** The code where nothing was answered in time. */
export const NO_REPLY = "no-reply";

/** The code where the client was stopped. */
export const STOPPED = "stopped";

/** Return the code of an error that may be any. */
export function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown";
}
