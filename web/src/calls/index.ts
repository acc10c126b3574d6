export { Calls, CannotCall, type CallsEvents, type CallsParts, type LoggedCall } from "./calls.ts";
export type { ConsentState } from "./consent.ts";
export type { MediaState, Outcome } from "./effects.ts";
export { LiveCall, type LiveCallEvents, type RecordingWish } from "./live-call.ts";
export { CallMachine, type Phase } from "./machine.ts";
export { OwnVoiceRecorder } from "./own-voice-recorder.ts";
export { IndexedDbSlices, type Slices, type VoiceTrack } from "./slices.ts";
