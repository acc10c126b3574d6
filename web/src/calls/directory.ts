/** Devices by people: looked up at the server, believed only as far as they are pinned. */
import type { Api } from "../realtime/index.ts";
import { safetyNumber, verifyBundle, type Bundle, type Device, type Peer, type Pins, type Sight } from "../sealed/index.ts";

interface Listed {
  readonly items: readonly { readonly id: string; readonly bundle: Bundle }[];
}

/** Knows devices. */
export class Directory {
  readonly #api: Pick<Api, "get" | "put">;
  readonly #device: Device;
  readonly #pins: Pins;
  readonly #noticed: (uid: string, sight: Sight) => void;

  /** `noticed` is told what is new about somebody, to be shown where the sight is not the first. */
  constructor(api: Pick<Api, "get" | "put">, device: Device, pins: Pins, noticed: (uid: string, sight: Sight) => void) {
    this.#api = api;
    this.#device = device;
    this.#pins = pins;
    this.#noticed = noticed;
  }

  /** Make this device known to the server; the same again changes nothing. */
  async register(): Promise<void> {
    await this.#api.put(`/v1/devices/${this.#device.id}`, { bundle: this.#device.bundle });
  }

  /** Look up somebody's devices; rejects with `Refused` where a pinned key has changed. */
  async devicesOf(uid: string): Promise<Map<string, Peer>> {
    const { items } = await this.#api.get<Listed>(`/v1/users/${uid}/devices`);
    const peers = await Promise.all(items.map(({ bundle }) => verifyBundle(bundle)));
    const sight = this.#pins.see(uid, peers);
    await this.#pins.save(this.#device.uid);
    if (sight.isFirst || sight.added.length + sight.gone.length > 0) this.#noticed(uid, sight);
    return new Map(peers.map((peer) => [peer.id, peer]));
  }

  /** The number that both see, if nobody is between them. */
  async safetyNumberWith(uid: string): Promise<string> {
    await Promise.all([this.devicesOf(this.#device.uid), this.devicesOf(uid)]);
    return safetyNumber(this.#pins.person(this.#device.uid), this.#pins.person(uid));
  }
}
