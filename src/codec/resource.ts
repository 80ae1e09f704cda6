import { createHash } from 'node:crypto';
import { byText } from '../base/index.js';
import { codecs } from './gen/code.js';
import type { RouteConfiguration } from './gen/messages.js';
import { MESSAGE_NAME, type MessageOf, type ResourceKind } from './kinds.js';
import { decoded } from './decode-error.js';
import { type Bytes, remembered } from './remembered.js';
import { concat, lengthDelimited } from './wire.js';

/** One resource as it is compared and sent: encoded once, never changed. */
export interface EncodedResource<K extends ResourceKind = ResourceKind> {
  readonly kind: K;
  readonly name: string;
  /** Content hash of `body`: equal on every replica and after every restart. */
  readonly version: string;
  /** The message itself: what `Any.value` holds. */
  readonly body: Uint8Array;
  /** Names of the clusters a route table or virtual host points to, sorted, each once; empty for other kinds. */
  readonly references: readonly string[];
}

/** Version of some bytes: the first 16 hex digits of their SHA-256. */
export function versionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}

/**
 * Encodes a resource. Equal messages give equal bytes: fields go by number, maps by key, and a plain field that holds its
 * default counts as left out. Lists keep their order, which has a meaning in Envoy. Of a oneof set one field only.
 * The types are trusted: nothing is checked again here.
 */
export function encode<K extends ResourceKind>(
  kind: K,
  name: string,
  message: MessageOf<K>,
  references: readonly string[] = [],
): EncodedResource<K> {
  return frozen(kind, name, codecs[MESSAGE_NAME[kind]].encode(message), references);
}

// RouteConfiguration.virtual_hosts (route.proto). Fields are written by their number, and `name` is the only one before it.
const VIRTUAL_HOSTS_FIELD = 2;

/** Virtual hosts as they stand in a table: one that changes makes a table anew for each namespace, of thousands that did not. */
const tableEntries: Bytes = new WeakMap();

/**
 * Encodes a route table from virtual hosts that are already encoded, without decoding them: the bytes are those of the
 * whole message. References are all that the virtual hosts have. `head` is the table's own fields, without its name.
 */
export function encodeRouteTable(
  name: string,
  head: Omit<RouteConfiguration, 'name' | 'virtual_hosts'>,
  virtualHosts: readonly EncodedResource<'virtualHost'>[],
): EncodedResource<'route'> {
  const table = codecs[MESSAGE_NAME.route];
  const body = concat([
    table.encode({ name }),
    ...virtualHosts.map((host) => remembered(tableEntries, host, tableEntry)),
    table.encode(head),
  ]);
  const references = virtualHosts.flatMap((host) => host.references);
  return frozen('route', name, body, references);
}

function tableEntry({ body }: EncodedResource): Uint8Array {
  return concat(lengthDelimited(VIRTUAL_HOSTS_FIELD, body));
}

/** The message of a resource, for tests and for printing. Throws a `DecodeError` where the bytes are not one. */
export function decodeResource<K extends ResourceKind>(resource: EncodedResource<K>): MessageOf<K> {
  return decoded(MESSAGE_NAME[resource.kind], resource.body, codecs[MESSAGE_NAME[resource.kind]].decode);
}

function frozen<K extends ResourceKind>(
  kind: K,
  name: string,
  body: Uint8Array,
  references: readonly string[],
): EncodedResource<K> {
  const sorted = [...new Set(references)].toSorted(byText);
  return Object.freeze({ kind, name, version: versionOf(body), body, references: Object.freeze(sorted) });
}
