import type { HostRoutes } from '../pipeline/index.js';
import { ownerOf } from '../snapshot/index.js';
import type { AckFact, RejectionFact } from '../xds/index.js';
import { CONTRADICTION_MS, isTable, type TableAudience, TableVerdicts } from './table-verdicts.js';

/** Who wants to know what becomes of routes. Never called from within a fact of the xDS server. */
export interface RouteAudience extends TableAudience {
  /** Some proxy took these routes of single hosts. */
  hostsTaken(routes: readonly HostRoutes[]): void;
  /** Some proxy refused the routes of a host; whoever contradicts within a while has been told of before. */
  hostRefused(routes: HostRoutes, message: string): void;
}

type Resource = AckFact['resources'][number];

/**
 * What proxies say of routes, for those who act on it. Most get the routes of each Service by themselves, and what they say is
 * about that host; others have one table.
 */
export class RouteVerdicts {
  readonly #audience: RouteAudience;
  readonly #table: TableVerdicts;
  /** Resources that somebody has taken, and lists of them, which proxies share. */
  readonly #taken = new WeakSet<object>();
  /** Resources that somebody has refused. */
  readonly #refused = new WeakSet<Resource>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(audience: RouteAudience) {
    this.#audience = audience;
    this.#table = new TableVerdicts(audience);
  }

  /** Of thousands of proxies that acknowledge one change the first is news: the others cost a look. */
  acked(fact: AckFact): void {
    const { kind, resources } = fact;
    if ((kind !== 'route' && kind !== 'virtualHost') || this.#taken.has(resources)) return;
    if (resources.some(isTable)) this.#table.acked(fact);
    else this.#taken.add(resources);
    const news = resources.filter((resource) => !this.#taken.has(resource));
    for (const resource of news) this.#taken.add(resource);
    const routes = news.flatMap(routesOf);
    if (routes.length > 0) setImmediate(() => this.#audience.hostsTaken(routes));
  }

  rejected(fact: RejectionFact): void {
    for (const resource of fact.refused) {
      if (isTable(resource)) this.#table.rejected(fact);
      else if (!this.#taken.has(resource) && !this.#refused.has(resource)) this.#doubt(resource, fact.message);
    }
  }

  disconnected(fact: { readonly proxy: string }): void {
    this.#table.disconnected(fact);
  }

  /** Nothing is told any more. */
  stop(): void {
    this.#table.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #doubt(resource: Resource, message: string): void {
    this.#refused.add(resource);
    for (const routes of routesOf(resource)) {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        this.#audience.hostRefused(routes, message);
      }, CONTRADICTION_MS).unref();
      this.#timers.add(timer);
    }
  }
}

/** Whose routes a resource holds: one Service's, or nobody's. */
function routesOf({ kind, name, version }: Resource): readonly HostRoutes[] {
  if (kind !== 'route' && kind !== 'virtualHost') return [];
  const host = ownerOf(kind, name);
  return host === undefined ? [] : [{ host, version }];
}
