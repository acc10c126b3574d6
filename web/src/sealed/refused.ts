/** Why something that came is not believed; docs/security.md says what each means. */
export type Code =
  | "version"
  | "malformed"
  | "signature"
  | "addressing"
  | "unexpected"
  | "stale"
  | "replay"
  | "sealed"
  | "bundle"
  | "fingerprint"
  | "pin"
  | "statement";

/** What came is not believed. Programs look at `code`; nothing of what came stands in the text. */
export class Refused extends Error {
  override readonly name = "Refused";

  constructor(
    readonly code: Code,
    message: string,
  ) {
    super(message);
  }
}
