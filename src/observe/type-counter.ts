import { Counter, type Registry } from 'prom-client';

/** The types a push can have; a label never takes a value from outside this list. */
const PUSH_TYPES = ['listener', 'scopedRoute', 'route', 'virtualHost', 'cluster', 'endpoint'] as const;

/**
 * A counter by type of resource. Counting is an addition and no more, for it is done once a proxy and push; the library, which
 * makes a text of the labels each time, learns of the sums when somebody asks for them.
 */
export class TypeCounter {
  readonly #sums = new Map<string, { sum: number }>(PUSH_TYPES.map((type) => [type, { sum: 0 }]));

  constructor(name: string, help: string, registry: Registry) {
    const sums = this.#sums;
    const counter = new Counter({
      ...{ name, help, labelNames: ['type'], registers: [] },
      collect() {
        this.reset();
        for (const [type, { sum }] of sums) this.inc({ type }, sum);
      },
    });
    registry.registerMetric(counter);
  }

  /** `type` is one of the list, or counts as `other`. */
  add(type: string, count: number): void {
    const known = this.#sums.get(type) ?? this.#sums.get('other');
    if (known === undefined) this.#sums.set('other', { sum: count });
    else known.sum += count;
  }
}
