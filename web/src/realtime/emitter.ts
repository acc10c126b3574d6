/** Tells listeners what happened, by a typed name. */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(event: never) => void>>();

  /** Listen; returns how to stop. */
  on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener as (event: never) => void));
    return () => void listeners.delete(listener as (event: never) => void);
  }

  /** Resolve with the next event of a name that is as wanted. */
  next<Name extends keyof Events>(name: Name, isWanted: (event: Events[Name]) => boolean = () => true): Promise<Events[Name]> {
    return new Promise((resolve) => {
      const stop = this.on(name, (event) => {
        if (!isWanted(event)) return;
        stop();
        resolve(event);
      });
    });
  }

  /** Tell everybody; a listener that throws spoils nothing for the others. */
  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (event: Events[Name]) => void)(event);
      } catch (error) {
        report(error);
      }
    }
  }
}

/** As the browser does with what nobody catches; elsewhere it is only written down. */
function report(error: unknown): void {
  if ("reportError" in globalThis) reportError(error);
  else console.error(error);
}
