/** Bytes as text and JSON, read strictly: what two readers could understand differently is refused. */

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Write a text in UTF-8. */
export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** Put bytes one after another. */
export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Tell whether two public values are the same. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** Order bytes as numbers, the first first. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = a[at]! - b[at]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Write bytes as base64url without padding (RFC 4648 section 5). */
export function b64(raw: Uint8Array): string {
  let binary = "";
  for (const byte of raw) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/**
 * Read base64url without padding, of so many characters at most; throws.
 *
 * Each bytes have one text only: unused bits of the last character must be zero.
 */
export function unb64(text: unknown, most: number): Bytes {
  if (typeof text !== "string" || text.length > most || !/^[A-Za-z0-9_-]*$/.test(text)) {
    throw new TypeError("not base64url, or too long");
  }
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  const raw = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  if (b64(raw) !== text) throw new TypeError("not the only way to write these bytes");
  return raw;
}

/** Read so many bytes and no others; throws. */
export function unb64Exact(text: unknown, size: number): Bytes {
  const raw = unb64(text, Math.ceil((size * 4) / 3));
  if (raw.length !== size) throw new TypeError("wrong length");
  return raw;
}

/** Write JSON; throws where a value is none. */
export function writeJson(value: unknown): Bytes {
  const text: string | undefined = JSON.stringify(value);
  if (text === undefined) throw new TypeError("not JSON");
  return utf8(text);
}

/** Read JSON in UTF-8 as RFC 8259 has it: no byte order mark; throws. */
export function readJson(raw: Uint8Array): unknown {
  return JSON.parse(decoder.decode(raw));
}

/** Read a JSON object; throws. */
export function readObject(raw: Uint8Array): Readonly<Record<string, unknown>> {
  const value = readJson(raw);
  if (!isObject(value)) throw new TypeError("not an object");
  return value;
}

/** Tell an object from everything else that JSON has. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Take a text of 1 to so many characters; throws. */
export function readText(value: unknown, most: number): string {
  if (typeof value !== "string" || value.length === 0 || value.length > most) {
    throw new TypeError("not a text, or too long");
  }
  return value;
}

/** Take a whole number from 0; throws. */
export function readNumber(value: unknown, most: number = Number.MAX_SAFE_INTEGER): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0 || value > most) {
    throw new TypeError("not a whole number, or too large");
  }
  return value;
}
