/** What is kept in IndexedDB: devices with their keys, and what is known of others. */

const DATABASE = "parley-sealed";

/** Keep a value under a person's number. */
export async function keep(store: Store, uid: string, value: unknown): Promise<void> {
  await inStore(store, "readwrite", (objects) => objects.put(value, uid));
}

/** Return what is kept under a person's number. */
export async function kept(store: Store, uid: string): Promise<unknown> {
  return inStore(store, "readonly", (objects) => objects.get(uid));
}

/** Drop what is kept under a person's number. */
export async function drop(store: Store, uid: string): Promise<void> {
  await inStore(store, "readwrite", (objects) => objects.delete(uid));
}

export type Store = "devices" | "pins";
const STORES: readonly Store[] = ["devices", "pins"];

async function inStore<T>(
  store: Store,
  mode: IDBTransactionMode,
  act: (objects: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened();
  try {
    // "strict": a key that a page has registered must survive the loss of power.
    const transaction = database.transaction(store, mode, { durability: "strict" });
    const request = act(transaction.objectStore(store));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    return request.result;
  } finally {
    database.close();
  }
}

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => {
      for (const store of STORES) request.result.createObjectStore(store);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
