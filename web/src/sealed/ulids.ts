/** Ids that sort by time of creation: https://github.com/ulid/spec. */

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Make an id such as `call_01JD...`. */
export function newId(prefix: string): string {
  let number = BigInt(Date.now());
  for (const byte of crypto.getRandomValues(new Uint8Array(10))) number = (number << 8n) | BigInt(byte);
  return `${prefix}_` + Array.from({ length: 26 }, (_, at) => DIGITS[Number((number >> BigInt(125 - 5 * at)) & 31n)]).join("");
}
