import type { DurationMs } from '../../base/index.js';
import {
  type ClusterLoad,
  decodeLoadReport,
  encodeLoadReportResponse,
  LOAD_REPORTS,
  type LoadReport,
  type ProxyNode,
} from '../../codec/index.js';
import type { Call } from '../grpc/call.js';
import { Message } from '../grpc/message.js';
import { STATUS, type StatusCode, StreamEnd } from '../grpc/status.js';
import type { TurnedAwayFact } from './facts.js';
import { KEPT_METADATA } from './identity.js';
import type { PathMethod, XdsLimits } from './options.js';
import { keptTexts, refuseLong, understood } from './reading.js';

/** What one proxy says of its clusters. */
export interface ProxyLoad {
  /** Who says it; of its metadata only what an identity is made of. */
  readonly node: ProxyNode;
  /**
   * Every cluster that the proxy holds and held in its last report too, those of its bootstrap included, whether it was used or
   * not: one with neither issued nor active requests was not used in the interval. Empty until the proxy has been asked.
   */
  readonly clusters: readonly ClusterLoad[];
}

/** What load reporting needs of the server, and what it tells it. */
export interface LoadReportContext {
  readonly limits: XdsLimits;
  /** Between two reports of a proxy; more than 0. */
  readonly interval: DurationMs;
  /** Whether a proxy is asked at all: one that is not reports nothing. Called for the first message of a stream. */
  isWanted(node: ProxyNode): boolean;
  /** A message has come. Called within the work: to be quick, and never to throw. */
  reported(load: ProxyLoad): void;
  /** The last stream of a node is gone: nothing is known of its use from here on, which is not the same as no use. */
  silent(nodeId: string): void;
  turnedAway(fact: TurnedAwayFact): void;
}

/** The load reporting service at work. */
export interface LoadReports {
  readonly methods: readonly PathMethod[];
  /** Ends the streams there are, and each that comes later. */
  stop(): void;
}

/**
 * The load reporting service (LRS): asks the proxies for a report of all their clusters in each interval. What the reports of a
 * real Envoy hold, and what they do not (1.37 to 1.40, held by test/real/load-reports.test.ts):
 *
 * - A request under way is `active` in every report, a WebSocket too, but no longer when its cluster changes or its endpoint
 *   goes: then it goes on unseen. It also goes on when its cluster is removed, so a host in such use can be forgotten unharmed.
 *   (1.36 reports it as active only in an interval in which others are issued.)
 * - A new cluster is in the reports from the second one on, and what it did before is not: the request for which a host was
 *   learned is never reported. What a removed cluster did since the last report is not told either.
 * - An Envoy that has lost its stream comes back after 5 s, and its first message then tells of all the time between. It goes on
 *   as it was last asked, also when it is not asked again.
 * - Every message repeats the whole node with a list of all that is built into Envoy: 61 kB in 1.40, to which 20 clusters add
 *   1 kB. The interval decides what reporting costs, and not the number of clusters (ADR 14).
 */
export function loadReportMethods(context: LoadReportContext): LoadReports {
  const streams = new Set<ReportStream>();
  const reporters = new Map<string, number>();
  const answer = encodeLoadReportResponse({ intervalMs: context.interval, clusters: 'all' });
  let isStopping = false;
  const within: StreamContext = {
    context,
    answer: new Message(answer),
    joined: (nodeId) => {
      reporters.set(nodeId, (reporters.get(nodeId) ?? 0) + 1);
    },
    left: (stream) => {
      streams.delete(stream);
      const { nodeId } = stream;
      if (nodeId === undefined) return;
      // A client that comes back may open its new stream before the end of the old one is seen.
      const others = (reporters.get(nodeId) ?? 1) - 1;
      if (others > 0) {
        reporters.set(nodeId, others);
        return;
      }
      reporters.delete(nodeId);
      context.silent(nodeId);
    },
  };
  const serve = (call: Call): void => {
    const stream = new ReportStream(call, within);
    streams.add(stream);
    if (isStopping) stream.end(STATUS.UNAVAILABLE, STOPS);
  };
  return {
    methods: [{ path: LOAD_REPORTS.path, serve }],
    stop: () => {
      isStopping = true;
      for (const stream of [...streams]) stream.end(STATUS.UNAVAILABLE, STOPS);
    },
  };
}

const STOPS = 'the server stops';

/** What a stream needs of its service. */
interface StreamContext {
  readonly context: LoadReportContext;
  /** The one response: the same for everybody. */
  readonly answer: Message;
  /** The first message has said who it is. */
  joined(nodeId: string): void;
  /** It is over. */
  left(stream: ReportStream): void;
}

/** One stream of reports. */
class ReportStream {
  readonly #call: Call;
  readonly #service: StreamContext;
  #node: ProxyNode | undefined;

  constructor(call: Call, service: StreamContext) {
    this.#call = call;
    this.#service = service;
    call.onOver((fault) => {
      if (fault !== undefined) this.#tell(fault);
      service.left(this);
    });
    call.read({
      message: (bytes) => this.#read(bytes),
      finished: () => call.end(STATUS.OK),
    });
  }

  /** Who reports; `undefined` until it has said so. */
  get nodeId(): string | undefined {
    return this.#node?.id;
  }

  /** Ends the stream with a status. */
  end(code: StatusCode, message: string): void {
    this.#call.end(code, message);
  }

  #read(bytes: Buffer): void {
    const { node, clusters } = readReport(bytes, this.#service.context.limits);
    const reporter = this.#node ?? this.#join(reporterOf(node));
    this.#service.context.reported({ node: reporter, clusters });
  }

  /** The node of the first message holds for the whole stream, whatever the later ones say. */
  #join(node: ProxyNode): ProxyNode {
    this.#node = node;
    this.#service.joined(node.id);
    if (this.#service.context.isWanted(node)) this.#call.write(this.#service.answer);
    return node;
  }

  #tell({ code, message }: StreamEnd): void {
    this.#service.context.turnedAway({ peer: this.#call.peer, proxy: this.nodeId ?? '', code, message });
  }
}

/** The node as it is kept for as long as the stream lasts: all else that it says goes with the message. */
function reporterOf(node: ProxyNode | undefined): ProxyNode {
  if (node === undefined || node.id === '') {
    throw new StreamEnd(STATUS.INVALID_ARGUMENT, 'the first load report of a stream has to carry node.id');
  }
  return { ...node, metadata: new Map([...node.metadata].filter(([key]) => KEPT_METADATA.includes(key))) };
}

/** Reads the bytes of a report. Throws a `StreamEnd` for what is none, or says too much. */
function readReport(bytes: Uint8Array, limits: XdsLimits): LoadReport {
  const report = understood(bytes, decodeLoadReport);
  const count = report.clusters.length;
  if (count > limits.names) {
    throw new StreamEnd(STATUS.RESOURCE_EXHAUSTED, `${count} clusters in a report, at most ${limits.names} are taken`);
  }
  const texts = [...keptTexts(report.node), ...report.clusters.map(({ name }) => name)];
  refuseLong('a cluster name, or a text of the node,', texts, limits);
  return report;
}
