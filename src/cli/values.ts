import { isIPv6 } from 'node:net';
import { type DurationMs, durationMs, parseDuration } from '../base/index.js';

/** A value read from text, or what would have been right. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

/** A host and a port, as in `127.0.0.1:18000` or `[::1]:18000`. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Reads an address. Port 0 means a free one; the host can be a name. */
export function parseAddress(text: string): Parsed<Address> {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const isWrong = host === undefined || port > 65_535 || (match?.[1] !== undefined && !isIPv6(host));
  if (isWrong) return { ok: false, expected: 'host:port, for example 127.0.0.1:18000 or [::1]:18000' };
  return { ok: true, value: { host, port } };
}

/** An address as it is written: brackets around IPv6. */
export function printAddress(address: Address): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can reach it. A name other than `localhost` counts as reachable from elsewhere. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

const LONGEST_MS = 86_400_000;

/** Reads a duration as Go writes it (`500ms`, `1.5s`, `1m30s`); a day at most. */
export function parseDelay(text: string): Parsed<DurationMs> {
  const value = text === '0' ? durationMs(0) : parseDuration(text);
  if (value !== undefined && value <= LONGEST_MS) return { ok: true, value };
  return { ok: false, expected: 'a duration from 0s to 24h, for example 500ms, 10s or 1m30s' };
}

const SHORTEST_FORGETTING_MS = 1000;

/** Reads after how long something unused is forgotten: a duration, or `never`, which is `undefined`. */
export function parseForgetting(text: string): Parsed<DurationMs | undefined> {
  if (text === 'never') return { ok: true, value: undefined };
  const parsed = parseDelay(text);
  if (parsed.ok && parsed.value >= SHORTEST_FORGETTING_MS) return parsed;
  return { ok: false, expected: 'a duration from 1s to 24h, for example 30m or 1h, or never' };
}

/** Reads one of a few words. */
export function parseChoice<const T extends string>(text: string, choices: readonly T[]): Parsed<T> {
  const value = choices.find((choice) => choice === text);
  return value === undefined ? { ok: false, expected: `one of ${choices.join(', ')}` } : { ok: true, value };
}

/** Reads `NAMESPACE/NAME`. */
export function parseNamespacedName(text: string): Parsed<{ readonly namespace: string; readonly name: string }> {
  const match = /^([a-z0-9][a-z0-9-]*)\/([a-z0-9][a-z0-9.-]*)$/.exec(text);
  const [, namespace, name] = match ?? [];
  if (namespace === undefined || name === undefined)
    return { ok: false, expected: 'NAMESPACE/NAME, for example shop/web' };
  return { ok: true, value: { namespace, name } };
}

/** Reads the name of a namespace (RFC 1123 label). */
export function parseNamespace(text: string): Parsed<string> {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)
    ? { ok: true, value: text }
    : { ok: false, expected: 'a namespace, for example shop: lower-case letters, digits and -' };
}

/** Reads what a proxy calls itself; any text that is there and can be printed. */
export function parseIdentity(text: string): Parsed<string> {
  return /^[^\p{C}]{1,256}$/u.test(text)
    ? { ok: true, value: text }
    : { ok: false, expected: 'a text of 1 to 256 characters, for example web-7d4f6c5b8c-2xk9d' };
}

/** Reads a whole number of 0 or more. */
export function parseCount(text: string): Parsed<number> {
  return /^\d{1,6}$/.test(text)
    ? { ok: true, value: Number(text) }
    : { ok: false, expected: 'a whole number, 0 or more' };
}
