import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { durationMs, invariant } from '../../../src/base/index.js';
import { type EncodedResource, RESOURCE_KINDS, type ResourceKind } from '../../../src/codec/index.js';
import { Session } from '../../../src/xds/protocol/session.js';
import { Sharing } from '../../../src/xds/protocol/sharing.js';
import type { Variant } from '../../../src/xds/protocol/type-state.js';
import { changesBetween, cluster, DRAIN, endpoint, listener, table, viewOf } from './given.js';
import { BAD, ModelledEnvoy } from './modelled-envoy.js';

type World = readonly EncodedResource[];

const version = fc.constantFrom('1', '2', '3');
const maybeBad = fc.oneof(
  { weight: 20, arbitrary: version },
  { weight: 1, arbitrary: fc.constantFrom(BAD, `${BAD}2`) },
);

/** Up to five clusters with their endpoints, and a table that refers to some of them. */
function someWorld(clusterVersion: fc.Arbitrary<string>, tableVersion: fc.Arbitrary<string>): fc.Arbitrary<World> {
  const part = fc.option(fc.record({ cluster: clusterVersion, endpoint: version, isRouted: fc.boolean() }), {
    nil: undefined,
  });
  return fc.tuple(fc.array(part, { minLength: 5, maxLength: 5 }), tableVersion).map(([parts, tableIs]) => {
    const routed: string[] = [];
    const resources = parts.flatMap((one, index) => {
      if (one === undefined) return [];
      const name = `c${index}`;
      if (one.isRouted) routed.push(name);
      return [cluster(name, one.cluster), endpoint(name, one.endpoint)];
    });
    // Like a hash, the version tells what it refers to.
    return [...resources, listener('outbound'), table([tableIs, ...routed].join('-'), ...routed)];
  });
}

type Step =
  | { readonly kind: 'publish'; readonly world: World }
  | { readonly kind: 'deliver' | 'read' | 'stall' | 'flush' }
  | { readonly kind: 'exchange'; readonly rounds: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reconnect'; readonly order: readonly ResourceKind[] }
  | { readonly kind: 'talk'; readonly isTalkative: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: someWorld(maybeBad, maybeBad).map((world) => ({ kind: 'publish', world }) as const) },
  { weight: 8, arbitrary: fc.constantFrom({ kind: 'deliver' } as const, { kind: 'read' } as const) },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 12 }).map((rounds) => ({ kind: 'exchange', rounds }) as const) },
  { weight: 2, arbitrary: fc.constantFrom({ kind: 'stall' } as const, { kind: 'flush' } as const) },
  { weight: 2, arbitrary: fc.constantFrom(1, DRAIN, 3 * DRAIN).map((ms) => ({ kind: 'wait', ms }) as const) },
  {
    weight: 1,
    arbitrary: fc
      .shuffledSubarray([...RESOURCE_KINDS], { minLength: RESOURCE_KINDS.length })
      .map((order) => ({ kind: 'reconnect', order }) as const),
  },
  { weight: 1, arbitrary: fc.boolean().map((isTalkative) => ({ kind: 'talk', isTalkative }) as const) },
);

/** Server and client with the network between them. */
class Run {
  readonly envoy: ModelledEnvoy;
  session: Session;
  #world: World = [listener('outbound'), table('0')];
  #sequence = 1;
  #now = 0;
  #isStalled = false;

  constructor(variant: Variant) {
    this.envoy = new ModelledEnvoy(variant);
    this.session = this.#newSession();
    this.envoy.connect(RESOURCE_KINDS);
  }

  take(one: Step): void {
    switch (one.kind) {
      case 'publish':
        this.#publish(one.world);
        break;
      case 'deliver':
        this.envoy.deliver(this.session, this.#now);
        break;
      case 'read':
        this.envoy.read();
        break;
      case 'exchange':
        this.#exchange(one.rounds);
        break;
      case 'wait':
        // A network this slow is another test: requests that a client writes at once arrive within the grace.
        while (this.envoy.outbox.length > 0) this.envoy.deliver(this.session, this.#now);
        this.#now += one.ms;
        break;
      case 'stall':
        this.#isStalled = true;
        break;
      case 'flush':
        this.#flush();
        break;
      case 'talk':
        this.envoy.isTalkative = one.isTalkative;
        break;
      case 'reconnect':
        this.#isStalled = false;
        this.session = this.#newSession();
        this.envoy.connect(one.order);
        break;
    }
    this.#step();
  }

  /** Lets everything come to rest. */
  rest(): void {
    this.#flush();
    for (let round = 0; round < 40; round += 1) {
      this.#step();
      this.#exchange(100);
      assert.equal(this.envoy.inbox.length + this.envoy.outbox.length, 0, 'requests and responses without end');
      this.#now += DRAIN;
    }
  }

  #exchange(rounds: number): void {
    for (let round = 0; round < rounds && this.envoy.inbox.length + this.envoy.outbox.length > 0; round += 1) {
      this.envoy.read();
      this.envoy.deliver(this.session, this.#now);
      this.#step();
    }
  }

  #publish(world: World): void {
    this.#sequence += 1;
    const changes = changesBetween(this.#world, world);
    this.#world = world;
    this.session.publish(viewOf(world), this.#sequence, changes);
  }

  #step(): void {
    for (;;) {
      const { sends } = this.session.step(this.#now);
      if (sends.length === 0) return;
      this.envoy.inbox.push(...sends);
      if (this.#isStalled) return;
      for (const { kind } of sends) this.session.flushed(kind);
    }
  }

  #flush(): void {
    this.#isStalled = false;
    for (const kind of RESOURCE_KINDS) this.session.flushed(kind);
  }

  #newSession(): Session {
    const drainDelay = durationMs(DRAIN);
    invariant(drainDelay !== undefined, 'the drain delay of the tests is one');
    return new Session({ view: viewOf(this.#world), sequence: this.#sequence, drainDelay, sharing: new Sharing() });
  }
}

function versionsOf(world: World, kind: ResourceKind): Readonly<Record<string, string>> {
  return Object.fromEntries(world.filter((each) => each.kind === kind).map(({ name, version: is }) => [name, is]));
}

for (const variant of ['delta', 'sotw'] as const) {
  test(`whatever comes in whatever order, a ${variant} client ends with what there is, and no route leads nowhere`, () => {
    const good = someWorld(version, version);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), good, (steps, last) => {
        const run = new Run(variant);
        for (const one of steps) run.take(one);
        run.take({ kind: 'publish', world: last });
        run.rest();
        for (const kind of ['cluster', 'endpoint', 'route', 'listener'] as const) {
          const held = Object.fromEntries(
            [...(run.envoy.held.get(kind) ?? [])].map(([name, { version: is }]) => [name, is]),
          );
          assert.deepEqual(held, versionsOf(last, kind), kind);
        }
        assert.equal(run.session.acknowledged, run.session.sequence);
      }),
      { numRuns: Number(process.env['PENSTOCK_PROPERTY_RUNS'] ?? 500), includeErrorInReport: true },
    );
  });
}
