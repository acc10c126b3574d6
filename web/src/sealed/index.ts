/** Sealed messages between devices: what the server passes on and cannot read. docs/security.md has the whole of it. */

export { type Bundle, type Peer, type Signed, verifyBundle } from "./bundle.ts";
export { type Consent, type ConsentKind, type Statement, verifyStatement } from "./consent.ts";
export { Device, type Opened } from "./device.ts";
export { type Envelope, type Header, headerOf } from "./envelope.ts";
export { fingerprintOf } from "./fingerprint.ts";
export { Pins, type Sight } from "./pins.ts";
export { type Code, Refused } from "./refused.ts";
export { type Person, safetyNumber } from "./safety.ts";
export { newId } from "./ulids.ts";
