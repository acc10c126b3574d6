export { Api, type Bearer, type UploadForm } from "./api.ts";
export { Realtime, type OwnEvents, type RealtimeParts, type RealtimeState } from "./client.ts";
export { Emitter } from "./emitter.ts";
export { NO_REPLY, Refused, STOPPED, codeOf } from "./errors.ts";
export { browser, webSocket, type Cancel, type OpenSocket, type Outside, type Socket, type SocketHears } from "./outside.ts";
export { ServerClock } from "./server-clock.ts";
export { ticketsOf, type GetTicket, type Ticket } from "./tickets.ts";
export { PROTOCOL, type Call, type CallStatus, type ClientFrame, type Envelope, type ServerEvents, type Synced } from "./wire.ts";
