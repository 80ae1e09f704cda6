import { durationMs, invariant } from '../../../src/base/index.js';
import type { EncodedResource, ResourceKind } from '../../../src/codec/index.js';
import type { Changes, NameChanges, View } from '../../../src/snapshot/index.js';
import type { Verdict } from '../../../src/xds/protocol/requests.js';
import { type Request, type Send, Session, type Step } from '../../../src/xds/protocol/session.js';
import { Sharing } from '../../../src/xds/protocol/sharing.js';
import type { Variant } from '../../../src/xds/protocol/type-state.js';

export const DRAIN = 5000;

/** A resource that is nothing but its name and version. */
function resource(
  kind: ResourceKind,
  name: string,
  version: string,
  references: readonly string[] = [],
): EncodedResource {
  return { kind, name, version, body: new Uint8Array(), references: references.toSorted() };
}

export function cluster(name: string, version = '1'): EncodedResource {
  return resource('cluster', name, version);
}

export function endpoint(name: string, version = '1'): EncodedResource {
  return resource('endpoint', name, version);
}

/** A cluster together with its endpoints. */
export function both(name: string, version = '1'): readonly EncodedResource[] {
  return [cluster(name, version), endpoint(name, version)];
}

export function listener(name: string, version = '1', references: readonly string[] = []): EncodedResource {
  return resource('listener', name, version, references);
}

/** The table `outbound`. */
export function table(version: string, ...references: readonly string[]): EncodedResource {
  return resource('route', 'outbound', version, references);
}

/** A view of these resources; of listeners a wildcard covers `outbound` only, as in the real one. */
export function viewOf(resources: readonly EncodedResource[]): View {
  const byKey = new Map(resources.map((each) => [`${each.kind} ${each.name}`, each]));
  return {
    get: (kind, name) => byKey.get(`${kind} ${name}`),
    all: (kind) => resources.filter((each) => each.kind === kind && (kind !== 'listener' || each.name === 'outbound')),
  };
}

/** What differs between two lists; a table that differs stands for virtual hosts that do. */
export function changesBetween(before: readonly EncodedResource[], after: readonly EncodedResource[]): Changes {
  const of = (kind: ResourceKind): NameChanges => {
    const old = new Map(before.filter((each) => each.kind === kind).map((each) => [each.name, each.version]));
    const now = new Map(after.filter((each) => each.kind === kind).map((each) => [each.name, each.version]));
    return {
      added: [...now.keys()].filter((name) => !old.has(name)),
      changed: [...now].filter(([name, version]) => old.has(name) && old.get(name) !== version).map(([name]) => name),
      removed: [...old.keys()].filter((name) => !now.has(name)),
    };
  };
  return {
    ...{ cluster: of('cluster'), endpoint: of('endpoint'), listener: of('listener'), virtualHost: of('route') },
    ...{ scopedRoute: of('scopedRoute'), route: of('route'), hosts: [] },
  };
}

/** Names and versions to subscribe with; everything may be left out. */
export interface Asked {
  readonly names?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly brought?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly nonce?: string;
  readonly error?: string;
}

/** Responses as a line each: `cluster +a@1 -b`. */
export type Lines = readonly string[];

/** A client and the session that serves it, in words. */
export class Conversation {
  readonly session: Session;
  readonly variant: Variant;
  /** While set, nothing that is written reaches the client's side of the network. */
  isStalled = false;
  /** Whether each type has a stream of its own. */
  isAlone = false;
  now = 0;
  wakeAt: number | undefined;
  settled: number | undefined;
  verdict: Verdict | undefined;
  #resources: readonly EncodedResource[];
  #sequence = 1;
  readonly #nonces = new Map<ResourceKind, string[]>();

  constructor(variant: Variant, ...resources: readonly EncodedResource[]) {
    this.variant = variant;
    this.#resources = resources;
    const drainDelay = durationMs(DRAIN);
    invariant(drainDelay !== undefined, 'the drain delay of the tests is one');
    this.session = new Session({ view: viewOf(resources), sequence: 1, drainDelay, sharing: new Sharing() });
  }

  /** Sends a request and tells what comes back. */
  ask(kind: ResourceKind, asked: Asked = {}): Lines {
    this.verdict = this.session.request(kind, this.#request(asked), this.now, this.isAlone);
    return this.#step();
  }

  /** Acknowledges the latest response of a type; the names are those a state-of-the-world client repeats. */
  ack(kind: ResourceKind, asked: Asked = {}): Lines {
    return this.ask(kind, { nonce: this.nonce(kind), ...asked });
  }

  nack(kind: ResourceKind, error: string, asked: Asked = {}): Lines {
    return this.ack(kind, { error, ...asked });
  }

  /** Nonce of a response: the latest, or one before it. */
  nonce(kind: ResourceKind, back = 0): string {
    return this.#nonces.get(kind)?.at(-1 - back) ?? '';
  }

  /** Publishes what there is from now on. */
  publish(...resources: readonly EncodedResource[]): Lines {
    const changes = changesBetween(this.#resources, resources);
    this.#resources = resources;
    this.#sequence += 1;
    this.session.publish(viewOf(resources), this.#sequence, changes);
    return this.#step();
  }

  /** Lets time pass. */
  wait(ms: number): Lines {
    this.now += ms;
    return this.#step();
  }

  /** What was stalled has left. */
  flush(kind: ResourceKind): Lines {
    this.isStalled = false;
    this.session.flushed(kind);
    return this.#step();
  }

  #request(asked: Asked): Request {
    const common = {
      typeUrl: '',
      nonce: asked.nonce ?? '',
      ...(asked.error === undefined ? {} : { error: { code: 13, message: asked.error } }),
    };
    if (this.variant === 'sotw') {
      return { variant: 'sotw', ...common, names: asked.names ?? [], version: asked.version ?? '' };
    }
    const initialVersions = new Map(Object.entries(asked.brought ?? {}));
    const { names = [], unsubscribe = [] } = asked;
    return { variant: 'delta', ...common, subscribe: names, unsubscribe, initialVersions };
  }

  #step(): Lines {
    const lines: string[] = [];
    let step: Step;
    do {
      step = this.session.step(this.now);
      for (const send of step.sends) {
        lines.push(lineOf(send));
        this.#nonces.set(send.kind, [...(this.#nonces.get(send.kind) ?? []), send.nonce]);
        if (!this.isStalled) this.session.flushed(send.kind);
      }
      if (step.settled !== undefined) this.settled = step.settled;
    } while (step.sends.length > 0);
    this.wakeAt = step.wakeAt;
    return lines;
  }
}

function lineOf({ kind, resources, removed }: Send): string {
  const items = [...resources.map(({ name, version }) => `+${name}@${version}`), ...removed.map((name) => `-${name}`)];
  return [kind, ...items].join(' ');
}
