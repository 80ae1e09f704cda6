import { decoded } from './decode-error.js';
import { codecs } from './gen/code.js';
import { type HealthCheckResponse, HealthCheckResponse_ServingStatus } from './gen/messages.js';

/** How a service stands, as the health protocol of gRPC says it. */
export type ServingStatus = keyof typeof HealthCheckResponse_ServingStatus;

/** The methods of the health service, by what they do. */
export const HEALTH = {
  check: '/grpc.health.v1.Health/Check',
  watch: '/grpc.health.v1.Health/Watch',
  list: '/grpc.health.v1.Health/List',
} as const;

const REQUEST = 'grpc.health.v1.HealthCheckRequest';

/** The service that is asked for; empty for the server itself. Throws a `DecodeError`. */
export function decodeHealthRequest(bytes: Uint8Array): string {
  return decoded(REQUEST, bytes, codecs[REQUEST].decode).service ?? '';
}

/** The answer to `check`, and each one to `watch`. */
export function encodeHealthResponse(status: ServingStatus): Uint8Array {
  return codecs['grpc.health.v1.HealthCheckResponse'].encode({ status: HealthCheckResponse_ServingStatus[status] });
}

/** The answer to `list`. */
export function encodeHealthList(statuses: ReadonlyMap<string, ServingStatus>): Uint8Array {
  const entries = [...statuses].map(([service, status]): [string, HealthCheckResponse] => [
    service,
    { status: HealthCheckResponse_ServingStatus[status] },
  ]);
  return codecs['grpc.health.v1.HealthListResponse'].encode({ statuses: Object.fromEntries(entries) });
}
