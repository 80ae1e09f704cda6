import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type Stage, STAGES } from './stage-clock.js';
import { TypeCounter } from './type-counter.js';

/**
 * What is counted, ready for Prometheus. No metric has a label per proxy, pod or Rollout: the number of series stays the same
 * whatever connects. Names follow Prometheus' rules (prefix, base unit, `_total`).
 */
export interface Metrics {
  pushed(type: string, bytes: number): void;
  acked(type: string): void;
  rejected(type: string): void;
  /** How many proxies are connected now. */
  connectedProxies(count: number): void;
  /** From the event that caused a change to the last acknowledgement of it. */
  converged(ms: number): void;
  /** How long a change was in one stage of that way. */
  staged(stage: Stage, ms: number): void;
  /** From the event to the new snapshot. */
  rebuilt(ms: number): void;
  problems(counts: { readonly errors: number; readonly warnings: number }): void;
  /** Type of `render`'s text, for the HTTP header. */
  readonly contentType: string;
  /** All of it in Prometheus' text form. */
  render(): Promise<string>;
}

/** Metrics of one running server. `version` shows up in `penstock_build_info`. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const pushes = new TypeCounter('penstock_xds_pushes_total', 'Responses sent to proxies', registry);
  const bytes = new TypeCounter('penstock_xds_push_bytes_total', 'Bytes of the responses sent to proxies', registry);
  const acks = new TypeCounter('penstock_xds_acks_total', 'Responses that proxies acknowledged', registry);
  const nacks = new TypeCounter('penstock_xds_nacks_total', 'Responses that proxies rejected', registry);
  const proxies = new Gauge({ name: 'penstock_proxies', help: 'Connected proxies', registers });
  const convergence = new Histogram({
    name: 'penstock_convergence_seconds',
    help: 'From the event that caused a change to the last acknowledgement of it',
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
    registers,
  });
  const stages = stageHistogram(registry);
  const rebuild = new Histogram({
    name: 'penstock_snapshot_build_seconds',
    help: 'From an event to the snapshot that holds it',
    buckets: [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5],
    registers,
  });
  const problems = new Gauge({
    name: 'penstock_problems',
    help: 'Problems of the objects that are read, as they are now',
    labelNames: ['severity'],
    registers,
  });
  new Gauge({ name: 'penstock_build_info', help: 'Always 1', labelNames: ['version'], registers }).set({ version }, 1);
  return {
    pushed(type, size) {
      pushes.add(type, 1);
      bytes.add(type, size);
    },
    acked: (type) => acks.add(type, 1),
    rejected: (type) => nacks.add(type, 1),
    connectedProxies: (count) => proxies.set(count),
    converged: (ms) => convergence.observe(ms / 1000),
    staged: (stage, ms) => stages.observe({ stage }, ms / 1000),
    rebuilt: (ms) => rebuild.observe(ms / 1000),
    problems({ errors, warnings }) {
      problems.set({ severity: 'error' }, errors);
      problems.set({ severity: 'warning' }, warnings);
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

/** From a hundredth of a millisecond, what the model takes, to the seconds of a proxy that is slow to acknowledge. */
const STAGE_BUCKETS = [0.00001, 0.0001, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5, 30];

function stageHistogram(registry: Registry): Histogram<'stage'> {
  const stages = new Histogram({
    name: 'penstock_change_stage_seconds',
    help: 'How long a change is in each stage on its way from the event to the last acknowledgement',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers: [registry],
  });
  for (const stage of STAGES) stages.zero({ stage });
  return stages;
}
