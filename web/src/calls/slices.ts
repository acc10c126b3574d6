/** Keeps what was recorded on this device until the server has it: a closed page loses nothing. */

/** The own side of one recorded call. */
export interface VoiceTrack {
  readonly callId: string;
  readonly contentType: string;
  /** When its first sample was taken, milliseconds on the server's clock. */
  readonly startedAt: number;
  /** Whose voice it is. */
  readonly name: string;
  /** Milliseconds on this machine's clock; a track that grows is another page's, or this one's. */
  readonly changedAt: number;
  readonly isComplete: boolean;
}

/** Where slices are kept. */
export interface Slices {
  /** Keep a track's description, or a newer one. */
  describe(track: VoiceTrack): Promise<void>;
  /** Keep a piece of its sound. */
  add(callId: string, number: number, sound: Blob): Promise<void>;
  tracks(): Promise<VoiceTrack[]>;
  /** All of its sound, in order. */
  sound(callId: string): Promise<Blob[]>;
  forget(callId: string): Promise<void>;
}

const NAME = "parley-voice";

/** In the browser's IndexedDB. */
export class IndexedDbSlices implements Slices {
  #database: Promise<IDBDatabase> | null = null;

  async describe(track: VoiceTrack): Promise<void> {
    await this.#write("tracks", (store) => store.put(track, track.callId));
  }

  async add(callId: string, number: number, sound: Blob): Promise<void> {
    await this.#write("slices", (store) => store.put(sound, [callId, number]));
  }

  async tracks(): Promise<VoiceTrack[]> {
    const database = await this.#open();
    return done(database.transaction("tracks").objectStore("tracks").getAll() as IDBRequest<VoiceTrack[]>);
  }

  async sound(callId: string): Promise<Blob[]> {
    const database = await this.#open();
    return done(database.transaction("slices").objectStore("slices").getAll(rangeOf(callId)) as IDBRequest<Blob[]>);
  }

  async forget(callId: string): Promise<void> {
    await this.#write("slices", (store) => store.delete(rangeOf(callId)));
    await this.#write("tracks", (store) => store.delete(callId));
  }

  async #write(name: string, change: (store: IDBObjectStore) => IDBRequest): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(name, "readwrite", { durability: "strict" });
    await done(change(transaction.objectStore(name)));
  }

  #open(): Promise<IDBDatabase> {
    this.#database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("tracks");
        request.result.createObjectStore("slices");
      };
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error(NAME));
    });
    return this.#database;
  }
}

function rangeOf(callId: string): IDBKeyRange {
  return IDBKeyRange.bound([callId, 0], [callId, Number.MAX_SAFE_INTEGER]);
}

function done<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error(NAME));
  });
}
