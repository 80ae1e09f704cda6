/** Messages of Envoy's API to bytes, bytes to versions, and back for printing. The only room that knows protobuf. */
export { DecodeError } from './decode-error.js';
export * from './gen/messages.js';
export { decodeHealthRequest, encodeHealthList, encodeHealthResponse, HEALTH } from './health.js';
export type { ServingStatus } from './health.js';
export { messageToJson, toJson } from './json.js';
export { kindOf, RESOURCE_KINDS, TYPE } from './kinds.js';
export type { MessageOf, ResourceKind } from './kinds.js';
export { decodeLoadReport, encodeLoadReportResponse, LOAD_REPORTS } from './load-report.js';
export type { ClusterLoad, LoadReport, LoadReportResponse } from './load-report.js';
export { answerReflection, REFLECTION } from './reflection.js';
export { decodeDeltaRequest, decodeSotwRequest } from './request.js';
export type { DeltaRequest, ProxyNode, Refusal, SotwRequest } from './request.js';
export {
  connectionManagerOf,
  decodeResource,
  encode,
  encodeRoutes,
  encodeRouteTable,
  encodeVirtualHost,
  versionOf,
} from './resource.js';
export type { EncodedResource, EncodedRoutes } from './resource.js';
export { deltaEntry, encodeDeltaResponse, encodeSotwResponse, sotwEntry } from './response.js';
export type { AliasedResource, DeltaItem, DeltaResponse, SotwResponse, UnknownAlias } from './response.js';
export { descriptorSet } from './schema.js';
export { SERVICES } from './services.js';
export type { ServiceMethod } from './services.js';
export { any, duration, encodeMessage, struct } from './values.js';
export type { JsonValue, MessageName } from './values.js';
