/** What the clients need of the world around them: tests bring their own, so that no test waits. */

/** Takes back what was to happen later. */
export type Cancel = () => void;

/** Time and chance. */
export interface Outside {
  /** Milliseconds since 1970 on this machine's clock. */
  now(): number;
  /** A number in [0, 1). */
  random(): number;
  /** Does something once, later. */
  after(milliseconds: number, run: () => void): Cancel;
}

/** The browser's own. */
export const browser: Outside = {
  now: () => Date.now(),
  random: () => Math.random(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** One open WebSocket, as far as it is used here. */
export interface Socket {
  send(text: string): void;
  close(code?: number): void;
}

/** What is heard of a socket: `opened` at most once, `closed` exactly once, unless it was closed from here. */
export interface SocketHears {
  opened(): void;
  said(text: string): void;
  closed(): void;
}

/** Opens a socket; it fails by closing. */
export type OpenSocket = (url: string, protocols: string[], hears: SocketHears) => Socket;

/** The browser's WebSocket. */
export const webSocket: OpenSocket = (url, protocols, hears) => {
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => hears.opened();
  socket.onmessage = (event) => hears.said(String(event.data));
  socket.onclose = () => hears.closed();
  return socket;
};
