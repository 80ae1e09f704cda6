import { hash } from 'node:crypto';
import { byText } from '../base/index.js';
import { codecs } from './gen/code.js';
import type { HttpConnectionManager, Route, RouteConfiguration, TypedAny } from './gen/messages.js';
import { MESSAGE_NAME, type MessageOf, type ResourceKind } from './kinds.js';
import { decoded } from './decode-error.js';
import { type Bytes, remembered } from './remembered.js';
import { TYPE_URL_PREFIX } from './values.js';
import { concat, lengthDelimited, owned } from './wire.js';

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
  return hash('sha256', bytes, 'hex').slice(0, 16);
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

/** A table of fewer virtual hosts costs less to make anew than to remember its parts. */
const MANY = 16;

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
  const entry = (host: EncodedResource): Uint8Array => remembered(tableEntries, host, tableEntry);
  const entries = virtualHosts.map(virtualHosts.length < MANY ? tableEntry : entry);
  const body = concat([table.encode({ name }), ...entries, table.encode(head)]);
  const references = virtualHosts.flatMap((host) => host.references);
  return frozen('route', name, body, references);
}

function tableEntry({ body }: EncodedResource): Uint8Array {
  return concat(lengthDelimited(VIRTUAL_HOSTS_FIELD, body));
}

/** Routes in the form in which a virtual host holds them: encoded once for everything they stand in. */
export interface EncodedRoutes {
  readonly body: Uint8Array;
  /** Names of the clusters they point to. */
  readonly references: readonly string[];
}

/** Encodes the routes of a virtual host. */
export function encodeRoutes(routes: readonly Route[], references: readonly string[]): EncodedRoutes {
  return { body: codecs[MESSAGE_NAME.virtualHost].encode({ routes }), references: eachOnce(references) };
}

/** Encodes a virtual host of routes that are already encoded: the bytes are those of the whole message. */
export function encodeVirtualHost(
  name: string,
  domains: readonly string[],
  { body, references }: EncodedRoutes,
): EncodedResource<'virtualHost'> {
  // `routes` is field 3, behind these two (route_components.proto).
  const head = codecs[MESSAGE_NAME.virtualHost].encode({ name, domains });
  return frozen('virtualHost', name, concat([head, body]), references);
}

const CONNECTION_MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';

// HttpConnectionManager.route_config (http_connection_manager.proto).
const ROUTE_CONFIG_FIELD = 4;

/**
 * The typed config of a connection manager whose route configuration is already encoded: the bytes are those of the whole
 * message. Filters are the only other field it may have.
 */
export function connectionManagerOf(
  statPrefix: string,
  routes: EncodedResource<'route'>,
  filters: Pick<HttpConnectionManager, 'http_filters'>,
): TypedAny {
  const manager = codecs[CONNECTION_MANAGER];
  const value = concat([
    manager.encode({ stat_prefix: statPrefix }),
    ...lengthDelimited(ROUTE_CONFIG_FIELD, routes.body),
    manager.encode(filters),
  ]);
  return { type_url: `${TYPE_URL_PREFIX}${CONNECTION_MANAGER}`, value };
}

/** The message of a resource, for tests and for printing. Throws a `DecodeError` where the bytes are not one. */
export function decodeResource<K extends ResourceKind>(resource: EncodedResource<K>): MessageOf<K> {
  return decoded(MESSAGE_NAME[resource.kind], resource.body, codecs[MESSAGE_NAME[resource.kind]].decode);
}

const NOTHING: readonly string[] = Object.freeze([]);

function eachOnce(references: readonly string[]): readonly string[] {
  if (references.length === 0) return NOTHING;
  // Most lists come from where they were put in order already.
  const isInOrder = references.every((name, index) => index === 0 || byText(references[index - 1] ?? '', name) < 0);
  if (isInOrder && Object.isFrozen(references)) return references;
  return Object.freeze([...new Set(references)].toSorted(byText));
}

function frozen<K extends ResourceKind>(
  kind: K,
  name: string,
  body: Uint8Array,
  references: readonly string[],
): EncodedResource<K> {
  return Object.freeze({
    kind,
    name,
    version: versionOf(body),
    body: owned(body),
    references: eachOnce(references),
  });
}
