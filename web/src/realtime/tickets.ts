/** Tickets: what opens a connection, once, within half a minute. */
import type { Api } from "./api.ts";

/** Opens one connection. */
export interface Ticket {
  readonly ticket: string;
  readonly url: string;
}

/** Gets a fresh one; rejects with `Refused`, whose `more.status` is 401 where the account is signed out. */
export type GetTicket = () => Promise<Ticket>;

/** Tickets of an account; with a device, its connections take part in calls. */
export function ticketsOf(api: Api, deviceId?: string): GetTicket {
  return () => api.post<Ticket>("/v1/realtime/ticket", deviceId === undefined ? {} : { device_id: deviceId });
}
