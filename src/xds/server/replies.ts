import { assertNever } from '../../base/index.js';
import type { ResourceKind } from '../../codec/index.js';
import type { Verdict } from '../protocol/requests.js';
import type { Session } from '../protocol/session.js';
import type { TypeState } from '../protocol/type-state.js';
import type { ClientFact, XdsFacts } from './facts.js';
import { isInForce, type ProxyTypeState, type RejectionState, typeStateOf } from './proxy-state.js';

/** So many refusals are remembered a type; what is left out is known by the counters. */
const MOST_REJECTIONS = 20;

/** What replies need from around them. */
export interface RepliesContext {
  readonly facts: XdsFacts;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
}

/** What one proxy answers to our responses: told at once, and remembered for those who look. */
export class Replies {
  readonly #who: ClientFact;
  readonly #context: RepliesContext;
  readonly #acknowledged = new Map<ResourceKind, number>();
  readonly #rejections = new Map<ResourceKind, readonly RejectionState[]>();

  constructor(who: ClientFact, context: RepliesContext) {
    this.#who = who;
    this.#context = context;
  }

  /** A request of this type meant this. */
  take(kind: ResourceKind, verdict: Verdict, session: Session): void {
    const { facts, wallClock } = this.#context;
    const who = this.#who;
    switch (verdict.kind) {
      case 'ack':
        this.#acknowledged.set(kind, verdict.sequence);
        return facts.acked({ ...who, kind, sequence: verdict.sequence, resources: verdict.resources });
      case 'nack': {
        const { sequence, message, refused } = verdict;
        const rejection = { message, resources: refused, sequence, at: wallClock() };
        if (refused.length > 0) this.#remember(session.types.get(kind), rejection);
        return facts.rejected({ ...who, kind, sequence, message, refused });
      }
      case 'kept':
        return facts.kept?.({ ...who, kind, sequence: session.sequence, resources: verdict.resources });
      case 'other':
      case 'stale':
        return undefined;
      default:
        return assertNever(verdict);
    }
  }

  /** The type begins anew. */
  forget(kind: ResourceKind): void {
    this.#acknowledged.delete(kind);
    this.#rejections.delete(kind);
  }

  /** How far a type is. */
  state(state: TypeState): ProxyTypeState {
    return typeStateOf(state, this.#acknowledged.get(state.kind) ?? 0, this.#rejections.get(state.kind) ?? []);
  }

  #remember(state: TypeState | undefined, rejection: RejectionState): void {
    if (state === undefined) return;
    const before = (this.#rejections.get(state.kind) ?? []).filter((each) => isInForce(state, each));
    this.#rejections.set(state.kind, [...before, rejection].slice(-MOST_REJECTIONS));
  }
}
