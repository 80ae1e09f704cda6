import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import fc from 'fast-check';
import { keyParts, type ObjectKey, objectKey } from '../../../src/base/index.js';
import type { EncodedResource, ResourceKind } from '../../../src/codec/index.js';
import type { Routing } from '../../../src/snapshot/index.js';
import { BAD, ModelledCaller } from './modelled-caller.js';
import { CART, hostOf, type HostParts, LOG, SmallServer, WEB } from './small-server.js';

// Two proxies of one workload that call hosts, are told of changes, refuse some, forget, come back: whatever the order.

const DRAIN = 5000;
const FORGET = 60_000;
const KEYS: readonly ObjectKey[] = [WEB, CART, LOG, objectKey('shop', 'late')];
const SPELLINGS: readonly string[] = [
  ...['web', 'web:80', 'web.shop', 'WEB.shop.svc:80', 'web.shop.svc.cluster.local', 'web:81', 'web:9999', 'cart'],
  ...['cart.shop:80', 'log', 'log.infra', 'log.infra:80', 'late', 'late.shop.svc', 'nope', 'nope.example.org'],
];

const good = fc.constantFrom('1', '2', '3');
const maybeBad = fc.oneof({ weight: 12, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(BAD, `${BAD}2`) });

function partsWith(content: fc.Arbitrary<string>): fc.Arbitrary<HostParts> {
  return fc.record({
    ...{ weight: content, cluster: content, pods: good },
    versions: fc.constantFrom(['v1'], ['v1', 'v2'], ['v2']),
    ports: fc.constantFrom([80], [80, 81], [81, 80]),
  });
}

function hostsWith(content: fc.Arbitrary<string>): fc.Arbitrary<ReadonlyMap<ObjectKey, HostParts | undefined>> {
  const change = fc.tuple(fc.constantFrom(...KEYS), fc.option(partsWith(content), { nil: undefined, freq: 4 }));
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((list) => new Map(list));
}

type Step =
  | { readonly kind: 'publish'; readonly hosts: ReadonlyMap<ObjectKey, HostParts | undefined> }
  | { readonly kind: 'call'; readonly who: number; readonly host: string }
  | { readonly kind: 'deliver' | 'read' | 'stall' | 'flush' | 'reconnect'; readonly who: number }
  | { readonly kind: 'exchange'; readonly who: number; readonly rounds: number }
  | { readonly kind: 'talk'; readonly who: number; readonly isTalkative: boolean }
  | { readonly kind: 'wait'; readonly ms: number; readonly used: 'everything' | 'nothing' }
  | { readonly kind: 'restart' };

const who = fc.constantFrom(0, 1);
type Simple = Extract<Step['kind'], 'deliver' | 'read' | 'stall' | 'flush' | 'reconnect'>;
const one = (kind: Simple): fc.Arbitrary<Step> => fc.record({ kind: fc.constant(kind), who });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('publish' as const), hosts: hostsWith(maybeBad) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('call' as const), who, host: fc.constantFrom(...SPELLINGS) }) },
  { weight: 6, arbitrary: one('deliver') },
  { weight: 6, arbitrary: one('read') },
  {
    weight: 7,
    arbitrary: fc.record({ kind: fc.constant('exchange' as const), who, rounds: fc.constantFrom(1, 2, 5, 40) }),
  },
  { weight: 1, arbitrary: one('stall') },
  { weight: 1, arbitrary: one('flush') },
  { weight: 1, arbitrary: one('reconnect') },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('talk' as const), who, isTalkative: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ kind: fc.constant('wait' as const), ms: fc.constantFrom(1, DRAIN, 2 * FORGET) },
      used: fc.constantFrom('everything' as const, 'nothing' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);

/** A server and two callers, with the network between them. */
class Run {
  readonly callers: readonly ModelledCaller[];
  server: SmallServer;
  readonly #routing: Routing['kind'];
  #epochs = 0;

  constructor(routing: Routing['kind']) {
    this.#routing = routing;
    this.server = this.#start();
    this.callers = ['a', 'b'].map((id) => new ModelledCaller(this.server, id, this.#routing));
  }

  take(step: Step): void {
    if (step.kind === 'publish') return this.publish(step.hosts);
    if (step.kind === 'wait') return this.wait(step.ms, step.used);
    if (step.kind === 'restart') return this.restart();
    const caller = this.callers[step.who];
    assert.ok(caller !== undefined);
    switch (step.kind) {
      case 'call':
        caller.call(step.host);
        break;
      case 'deliver':
        return caller.deliver();
      case 'read':
        return caller.read();
      case 'stall':
        caller.stream.isStalled = true;
        break;
      case 'flush':
        return caller.stream.flush();
      case 'reconnect':
        return caller.reconnect();
      case 'exchange':
        return exchange(caller, step.rounds);
      case 'talk':
        caller.isTalkative = step.isTalkative;
        break;
    }
  }

  publish(hosts: ReadonlyMap<ObjectKey, HostParts | undefined>): void {
    this.server.publish([...hosts].map(([key, parts]) => [key, parts && hostOf(key, parts)]));
  }

  /** Time passes; the callers tell all the while which clusters they use. */
  wait(ms: number, used: 'everything' | 'nothing'): void {
    for (let left = ms; left > 0; left -= DRAIN) {
      // Requests that a client writes at once arrive within the grace: a network slower than that is another test.
      for (const caller of this.callers) while (caller.outbox.length > 0) caller.deliver();
      for (const [index, caller] of this.callers.entries()) {
        this.server.workloads.used(index === 0 ? 'a' : 'b', used === 'everything' ? caller.clusters : []);
      }
      this.server.tick(Math.min(left, DRAIN));
    }
  }

  restart(): void {
    const { snapshot } = this.server;
    this.server = this.#start();
    this.server.publish([...snapshot.keys].map((key) => [key, snapshot.hosts.get(key)]));
    for (const caller of this.callers) caller.reconnect(this.server);
  }

  /** Lets everything come to rest. */
  rest(): void {
    for (const caller of this.callers) caller.stream.flush();
    for (let round = 0; round < 10; round += 1) {
      for (let turn = 0; turn < 6; turn += 1) for (const caller of this.callers) exchange(caller, 200);
      for (const { stream, outbox } of this.callers) {
        assert.equal(stream.inbox.length + outbox.length, 0, 'requests and responses without end');
      }
      this.wait(DRAIN, 'everything');
    }
  }

  #start(): SmallServer {
    return new SmallServer({ forgetAfter: FORGET, drainDelay: DRAIN, epoch: `e${(this.#epochs += 1)}` });
  }
}

function exchange(caller: ModelledCaller, rounds: number): void {
  for (let round = 0; round < rounds && caller.stream.inbox.length + caller.outbox.length > 0; round += 1) {
    caller.read();
    caller.deliver();
  }
}

/** Names of everything that a client should hold, with their versions. */
function wanted(run: Run, kind: ResourceKind, hosts: readonly ObjectKey[]): Readonly<Record<string, string>> {
  const part = { cluster: 'clusters', endpoint: 'endpoints', route: 'routes' } as const;
  const resources = hosts.flatMap((key): readonly EncodedResource[] => {
    const entry = run.server.snapshot.hosts.get(key);
    if (entry === undefined) return [];
    const isOwn = keyParts(key).namespace === 'shop';
    if (kind === 'virtualHost') return isOwn ? entry.own : entry.others;
    if (kind === 'scopedRoute') return isOwn ? [...entry.scopes, ...entry.ownScopes] : entry.scopes;
    return kind === 'listener' ? [] : entry[part[kind]];
  });
  return Object.fromEntries(resources.map(({ name, version }) => [name, version]));
}

/** What should become of a request. */
function expected({ server: { snapshot } }: Run, host: string, routing: Routing['kind']): 'served' | 'unknown' {
  // Scopes are compared as they stand, hosts are not.
  const [name = '', port] = (routing === 'scoped' ? host : host.toLowerCase()).split(':');
  for (const key of KEYS) {
    const entry = snapshot.hosts.get(key);
    const parts = keyParts(key);
    const full = `${parts.name}.${parts.namespace}`;
    const names = [
      full,
      `${full}.svc`,
      `${full}.svc.cluster.local`,
      ...(parts.namespace === 'shop' ? [parts.name] : []),
    ];
    if (entry === undefined || !names.includes(name)) continue;
    const hasPort = entry.clusters.some((cluster) => cluster.name.includes(`:${port ?? String(entry.defaultPort)}@`));
    return routing === 'scoped' || hasPort ? 'served' : 'unknown';
  }
  return 'unknown';
}

function checkRest(run: Run, routing: Routing['kind']): void {
  for (const caller of run.callers) {
    const hosts = [...run.server.proxies][0]?.state().hosts ?? [...run.server.snapshot.keys];
    const kinds: readonly ResourceKind[] =
      routing === 'scoped' ? ['cluster', 'endpoint', 'scopedRoute', 'route'] : ['cluster', 'endpoint', 'virtualHost'];
    for (const kind of kinds) {
      const { 'outbound/_': _placeholder, ...held } = caller.versions(kind);
      assert.deepEqual(held, wanted(run, kind, hosts), kind);
    }
    const state = caller.stream.proxy.state();
    assert.equal(state.acknowledged, state.sequence);
  }
}

/** How many names were ever sent, to be held or also not; everything of nothing is answered too, for Envoy waits for it. */
function brought(server: SmallServer, names: 'resources' | 'all'): number {
  const counts = server.told('pushed').map(({ resources, removed }) => [resources, names === 'all' ? removed : 0]);
  return counts.flat().reduce<number>((sum, count) => sum + Number(count), 0);
}

const runs = { numRuns: Number(process.env['PENSTOCK_PROPERTY_RUNS'] ?? 300), includeErrorInReport: true };

for (const routing of ['onDemand', 'scoped'] as const) {
  test(`whatever comes in whatever order, callers reach what there is and nothing waits for ever (${routing})`, (context) => {
    const seed = Number(process.env['PENSTOCK_PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
    context.diagnostic(`seed ${seed}`);
    const last = fc.record({
      all: fc.tuple(...KEYS.map(() => partsWith(good))),
      isThere: fc.subarray([...KEYS], { minLength: 2 }),
    });
    fc.assert(
      fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), last, (isWarm, steps, { all, isThere }) => {
        mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
        try {
          const run = new Run(routing);
          if (isWarm) {
            run.publish(new Map(KEYS.map((key) => [key, {}])));
            run.rest();
          }
          for (const each of steps) run.take(each);
          run.publish(new Map(KEYS.map((key, index) => [key, isThere.includes(key) ? all[index] : undefined])));
          run.rest();
          checkRest(run, routing);
          // A request whose name the table took back when the stream broke is asked for again by the next one only.
          for (const caller of run.callers) for (const host of SPELLINGS) caller.call(host);
          run.rest();
          for (const { waiting } of run.callers) assert.deepEqual([...waiting], [], 'requests that wait for ever');
          checkRest(run, routing);
          for (const caller of run.callers) {
            for (const host of SPELLINGS) assert.equal(caller.call(host), expected(run, host, routing), host);
          }
          // A host that went is asked for again, and is unknown from then on.
          for (const names of ['resources', 'all'] as const) {
            const before = brought(run.server, names);
            for (const caller of run.callers) caller.reconnect();
            run.rest();
            assert.equal(brought(run.server, names), before, 'nothing has changed');
          }
          run.restart();
          run.rest();
          assert.equal(brought(run.server, 'all'), 0, 'nothing has changed, though the server is another one');
          checkRest(run, routing);
        } finally {
          mock.timers.reset();
        }
      }),
      { ...runs, seed },
    );
  });
}
