import { assertNever } from '../base/index.js';
import { codecs } from './gen/code.js';
import { TYPE } from './kinds.js';
import { remembered } from './remembered.js';
import type { EncodedResource } from './resource.js';
import { concat, lengthDelimited } from './wire.js';

/** A resource under other names it was asked by (VHDS): Envoy matches both `name` and `aliases`. */
export interface AliasedResource {
  readonly kind: 'aliased';
  readonly resource: EncodedResource;
  readonly aliases: readonly string[];
}

/** Answer to names that mean nothing here (VHDS): a resource without a body, or the request in Envoy waits for ever. */
export interface UnknownAlias {
  readonly kind: 'unknown';
  readonly name: string;
  /** Another one with every answer: the same again, without a body, is a heartbeat to Envoy 1.40. */
  readonly version: string;
  readonly aliases: readonly string[];
}

/** What a delta response can carry. */
export type DeltaItem = EncodedResource | AliasedResource | UnknownAlias;

/** One response of the incremental protocol. */
export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  /** Only for people who debug: no client acts on it. */
  readonly systemVersion: string;
  readonly resources: readonly DeltaItem[];
  readonly removed: readonly string[];
  /** Who we are, shown in Envoy's statistics (`control_plane.identifier`). */
  readonly controlPlane?: string;
}

/** One response of the state-of-the-world protocol. */
export interface SotwResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  readonly resources: readonly EncodedResource[];
  readonly controlPlane?: string;
}

const DELTA_RESPONSE = 'envoy.service.discovery.v3.DeltaDiscoveryResponse';
const SOTW_RESPONSE = 'envoy.service.discovery.v3.DiscoveryResponse';
const RESOURCE = 'envoy.service.discovery.v3.Resource';
const ANY = 'google.protobuf.Any';

// `resources` is field 2 of both responses, behind the version (field 1) and before the rest (discovery.proto).
const RESOURCES_FIELD = 2;

const deltaEntries = new WeakMap<EncodedResource, Uint8Array>();
const sotwEntries = new WeakMap<EncodedResource, Uint8Array>();

/** The bytes a resource takes in a delta response, framing included; made once, shared by all streams. */
export function deltaEntry(resource: EncodedResource): Uint8Array {
  return remembered(deltaEntries, resource, (fresh) => resourceEntry(fresh, []));
}

/** The bytes a resource takes in a state-of-the-world response, framing included; made once, shared by all streams. */
export function sotwEntry(resource: EncodedResource): Uint8Array {
  return remembered(sotwEntries, resource, ({ kind, body }) => {
    return entry(codecs[ANY].encode({ type_url: TYPE[kind], value: body }));
  });
}

/** A whole delta response from shared entries. */
export function encodeDeltaResponse(response: DeltaResponse): Uint8Array {
  const tail = codecs[DELTA_RESPONSE].encode({
    type_url: response.typeUrl,
    nonce: response.nonce,
    removed_resources: response.removed,
    ...controlPlane(response.controlPlane),
  });
  const head = codecs[DELTA_RESPONSE].encode({ system_version_info: response.systemVersion });
  return concat([head, ...response.resources.map(itemEntry), tail]);
}

/** A whole state-of-the-world response from shared entries. */
export function encodeSotwResponse(response: SotwResponse): Uint8Array {
  const tail = codecs[SOTW_RESPONSE].encode({
    type_url: response.typeUrl,
    nonce: response.nonce,
    ...controlPlane(response.controlPlane),
  });
  const head = codecs[SOTW_RESPONSE].encode({ version_info: response.version });
  return concat([head, ...response.resources.map(sotwEntry), tail]);
}

function controlPlane(identifier: string | undefined): { readonly control_plane?: { readonly identifier: string } } {
  return identifier === undefined ? {} : { control_plane: { identifier } };
}

function itemEntry(item: DeltaItem): Uint8Array {
  switch (item.kind) {
    case 'aliased':
      return resourceEntry(item.resource, item.aliases);
    case 'unknown':
      return entry(codecs[RESOURCE].encode({ name: item.name, version: item.version, aliases: item.aliases }));
    case 'listener':
    case 'scopedRoute':
    case 'route':
    case 'virtualHost':
    case 'cluster':
    case 'endpoint':
      return deltaEntry(item);
    default:
      return assertNever(item);
  }
}

function resourceEntry({ kind, name, version, body }: EncodedResource, aliases: readonly string[]): Uint8Array {
  const resource = { type_url: TYPE[kind], value: body };
  return entry(codecs[RESOURCE].encode({ name, version, resource, aliases }));
}

function entry(message: Uint8Array): Uint8Array {
  return concat(lengthDelimited(RESOURCES_FIELD, message));
}
