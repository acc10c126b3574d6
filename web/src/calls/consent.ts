/** Consent to a recording: asked by one end, granted by the other, stopped by either; nothing else starts one. */
import type { Statement } from "../sealed/index.ts";
import type { RecordWord } from "./effects.ts";

/** Where it stands. `asking`: the other is to answer. `asked`: the user is. */
export type ConsentState = "none" | "asking" | "asked" | "agreed" | "stopped";

/** What is to be done. */
export type ConsentEffect =
  | { do: "say"; word: RecordWord; statement: Statement | null }
  /** Record the own voice; who asked tells the server first. */
  | { do: "start"; agreement: Agreement }
  | { do: "stop" };

/** What both have signed. Only `Consent` makes one, and only a grant leads to it. */
export interface Agreement {
  readonly request: Statement;
  readonly grant: Statement;
  /** Whether this end asked, so that the recording will be its own. */
  readonly isOurs: boolean;
}

/** One end's side of it. */
export class Consent {
  readonly #isCaller: boolean;
  #state: ConsentState = "none";
  #request: Statement | null = null;

  constructor(isCaller: boolean) {
    this.#isCaller = isCaller;
  }

  get state(): ConsentState {
    return this.#state;
  }

  /** The user asks the other. */
  ask(request: Statement): ConsentEffect[] {
    if (this.#state !== "none") return [];
    this.#state = "asking";
    this.#request = request;
    return [{ do: "say", word: "request", statement: request }];
  }

  /** The user allows what the other asked for. */
  allow(grant: Statement): ConsentEffect[] {
    if (this.#state !== "asked" || this.#request === null) return [];
    this.#state = "agreed";
    const agreement = { request: this.#request, grant, isOurs: false };
    return [
      { do: "say", word: "grant", statement: grant },
      { do: "start", agreement },
    ];
  }

  /** The user does not allow it. */
  deny(): ConsentEffect[] {
    if (this.#state !== "asked") return [];
    this.#state = "none";
    return [{ do: "say", word: "deny", statement: null }];
  }

  /** The user ends the recording, or takes the question back. */
  stop(): ConsentEffect[] {
    if (this.#state === "none" || this.#state === "stopped") return [];
    const wasAgreed = this.#state === "agreed";
    this.#state = wasAgreed ? "stopped" : "none";
    const said: ConsentEffect = { do: "say", word: "stop", statement: null };
    return wasAgreed ? [said, { do: "stop" }] : [said];
  }

  /** The call is over. */
  end(): ConsentEffect[] {
    const wasAgreed = this.#state === "agreed";
    this.#state = "stopped";
    return wasAgreed ? [{ do: "stop" }] : [];
  }

  /** The other said something. */
  hear(word: RecordWord, statement: Statement | null): ConsentEffect[] {
    if (word === "request") return this.#hearRequest(statement);
    if (word === "grant") return this.#hearGrant(statement);
    if (word === "deny" && this.#state === "asking") this.#state = "none";
    if (word !== "stop") return [];
    const wasAgreed = this.#state === "agreed";
    if (this.#state !== "stopped") this.#state = wasAgreed ? "stopped" : "none";
    return wasAgreed ? [{ do: "stop" }] : [];
  }

  /** Both may ask at once: then the caller's question stands. */
  #hearRequest(statement: Statement | null): ConsentEffect[] {
    const isTheirTurn = this.#state === "none" || this.#state === "asked" || (this.#state === "asking" && !this.#isCaller);
    if (!isTheirTurn || statement === null) return [];
    this.#state = "asked";
    this.#request = statement;
    return [];
  }

  #hearGrant(grant: Statement | null): ConsentEffect[] {
    if (this.#state !== "asking" || grant === null || this.#request === null) return [];
    this.#state = "agreed";
    return [{ do: "start", agreement: { request: this.#request, grant, isOurs: true } }];
  }
}
