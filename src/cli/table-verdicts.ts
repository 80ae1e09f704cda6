import { OUTBOUND } from '../base/index.js';
import type { AckFact, RejectionFact } from '../xds/index.js';

/** Who wants to know what becomes of tables that all hosts share. Never called from within a fact of the xDS server. */
export interface TableAudience {
  /** Some proxy took the route table of a publication. */
  acknowledged(sequence: number): void;
  /** Some proxy refused it, and nobody contradicted. */
  refused(sequence: number, message: string): void;
}

/** For so long others can still contradict a refusal: ordinary proxies answer within it, also behind new clusters. */
export const CONTRADICTION_MS = 1000;

/** Whether it is the table of all hosts. One that asks for its virtual hosts has the same name and leads nowhere. */
export function isTable({ kind, name, references }: AckFact['resources'][number]): boolean {
  return kind === 'route' && name === OUTBOUND && references.length > 0;
}

/**
 * What proxies say of tables, for those who act on it. A proxy that goes on refusing what another one has taken is odd, with a
 * bootstrap of its own for example: its refusals are its own affair until it takes a table again.
 */
export class TableVerdicts {
  readonly #audience: TableAudience;
  /** Since which publication each proxy refuses what it gets. */
  readonly #refusing = new Map<string, number>();
  readonly #timers = new Map<number, NodeJS.Timeout>();
  #taken = 0;
  #told = 0;

  constructor(audience: TableAudience) {
    this.#audience = audience;
  }

  acked({ proxy, sequence }: Pick<AckFact, 'proxy' | 'sequence'>): void {
    this.#refusing.delete(proxy);
    this.#taken = Math.max(this.#taken, sequence);
    // Of thousands of proxies that acknowledge one publication the first is news.
    if (sequence === this.#told) return;
    this.#told = sequence;
    setImmediate(() => this.#audience.acknowledged(sequence));
  }

  rejected({ proxy, sequence, message }: Pick<RejectionFact, 'proxy' | 'sequence' | 'message'>): void {
    const since = this.#refusing.get(proxy) ?? sequence;
    this.#refusing.set(proxy, since);
    if (this.#taken >= since || this.#timers.has(sequence)) return;
    const tell = (): void => {
      this.#timers.delete(sequence);
      this.#audience.refused(sequence, message);
    };
    this.#timers.set(sequence, setTimeout(tell, CONTRADICTION_MS).unref());
  }

  disconnected({ proxy }: { readonly proxy: string }): void {
    this.#refusing.delete(proxy);
  }

  /** Nothing is told any more. */
  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
