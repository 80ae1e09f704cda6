import { decoded } from './decode-error.js';
import { codecs } from './gen/code.js';
import type { ClusterStats, Duration, UpstreamLocalityStats } from './gen/messages.js';
import { type ProxyNode, sender } from './request.js';
import type { ServiceMethod } from './services.js';
import { duration } from './values.js';

/** What one cluster of a proxy did since the proxy's report before: sums over its localities (load_report.proto). */
export interface ClusterLoad {
  readonly name: string;
  /** Requests that were begun. */
  readonly issued: number;
  /** Requests that are under way at this moment: a stream or WebSocket stays here for as long as it is open. */
  readonly active: number;
  /** Requests that ended well. */
  readonly successes: number;
  /** Requests that ended with a fault of the endpoint. */
  readonly errors: number;
  /** The time all this took, in milliseconds; 0 where the proxy does not say. */
  readonly intervalMs: number;
}

/** What a proxy says of its clusters. */
export interface LoadReport {
  /** Guaranteed only in the first message of a stream. */
  readonly node?: ProxyNode;
  readonly clusters: readonly ClusterLoad[];
}

/** What is asked of a proxy. */
export interface LoadReportResponse {
  /** Between two reports, in milliseconds: finite, more than 0. */
  readonly intervalMs: number;
  /** Of which clusters to report. */
  readonly clusters: 'all' | readonly string[];
}

/** The method by which proxies report (lrs.proto). */
export const LOAD_REPORTS: Pick<ServiceMethod, 'service' | 'method' | 'path'> = {
  service: 'envoy.service.load_stats.v3.LoadReportingService',
  method: 'StreamLoadStats',
  path: '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats',
};

const REQUEST = 'envoy.service.load_stats.v3.LoadStatsRequest';
const RESPONSE = 'envoy.service.load_stats.v3.LoadStatsResponse';

/** Reads a load report. Throws a `DecodeError`; unknown fields are passed over. */
export function decodeLoadReport(bytes: Uint8Array): LoadReport {
  const { node, cluster_stats: clusters = [] } = decoded(REQUEST, bytes, codecs[REQUEST].decode);
  return { ...sender(node), clusters: clusters.map(clusterLoad) };
}

/** The answer that makes a proxy report. It holds until the next one. */
export function encodeLoadReportResponse({ intervalMs, clusters }: LoadReportResponse): Uint8Array {
  return codecs[RESPONSE].encode({
    load_reporting_interval: duration(intervalMs),
    ...(clusters === 'all' ? { send_all_clusters: true } : { clusters }),
  });
}

function clusterLoad(stats: ClusterStats): ClusterLoad {
  const localities = stats.upstream_locality_stats ?? [];
  const sum = (countOf: (locality: UpstreamLocalityStats) => number | undefined): number =>
    localities.reduce((total, locality) => total + (countOf(locality) ?? 0), 0);
  return {
    name: stats.cluster_name ?? '',
    issued: sum((locality) => locality.total_issued_requests),
    active: sum((locality) => locality.total_requests_in_progress),
    successes: sum((locality) => locality.total_successful_requests),
    errors: sum((locality) => locality.total_error_requests),
    intervalMs: milliseconds(stats.load_report_interval ?? {}),
  };
}

function milliseconds({ seconds = 0, nanos = 0 }: Duration): number {
  return seconds * 1000 + nanos / 1_000_000;
}
