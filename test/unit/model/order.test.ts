import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byText, type ObjectKey, type ObjectRef } from '../../../src/base/index.js';
import { World, type WorldEvent } from '../../../src/model/index.js';
import { parsed, pod, type Raw, replicaSet, rollout, service, slice } from './given.js';

const SEED = Number(process.env['SEED'] ?? 11);

const names = fc.constantFrom('a', 'b', 'c');
const app = fc.constantFrom('x', 'y');
const hash = fc.constantFrom('h1', 'h2', '');

const services = fc
  .record({ name: names, app, port: fc.constantFrom(80, 81), type: fc.constantFrom('ClusterIP', 'ExternalName') })
  .map((given) =>
    service(given.name, {
      type: given.type,
      selector: { app: given.app },
      ports: [{ name: 'http', port: given.port }],
    }),
  );
const rollouts = fc
  .record({
    name: names,
    app,
    stable: fc.option(names),
    day: fc.constantFrom(1, 2),
    index: fc.constantFrom(0, 1),
    hosts: fc.option(names),
  })
  .map(({ name, app: label, stable, day, index, hosts }) =>
    rollout(
      name,
      {
        trafficRouting: { plugins: { 'penstock/xds': hosts === null ? {} : { hosts: [hosts] } } },
        ...(stable !== null && { stableService: stable }),
        steps: [{ setWeight: 10 }],
      },
      {
        metadata: { creationTimestamp: `2026-01-0${day}T00:00:00Z` },
        spec: { template: { metadata: { labels: { app: label, env: 'prod' } } } },
        status: { currentPodHash: 'h2', stableRS: 'h1', currentStepIndex: index },
      },
    ),
  );
const pods = fc.record({ name: names, hash }).map((given) => pod(given.name, given.hash));
const replicaSets = fc
  .record({ name: names, hash, owner: names })
  .map((given) => replicaSet(given.name, given.hash, given.owner));
const slices = fc
  .record({ of: names, endpoints: fc.array(fc.record({ pod: names, ready: fc.boolean() }), { maxLength: 3 }) })
  .map(({ of, endpoints }) =>
    slice(
      of,
      endpoints.map((given, index) => ({ ...given, address: `10.0.0.${index}` })),
    ),
  );

const objects = fc.oneof(services, rollouts, pods, slices, replicaSets);

/** A history: objects that come and go, in batches. */
const histories = fc.array(fc.array(fc.oneof(objects.map(parsed), objects.map(deletion)), { maxLength: 4 }), {
  maxLength: 12,
});

function deletion(raw: Raw): WorldEvent {
  return { kind: 'deleted', ref: refOf(parsed(raw)) };
}

function refOf(event: WorldEvent): ObjectRef {
  return event.kind === 'applied' ? event.object : event.ref;
}

/** What is left at the end of a history. */
function remaining(history: readonly (readonly WorldEvent[])[]): readonly WorldEvent[] {
  const last = new Map<string, WorldEvent>();
  for (const event of history.flat()) {
    const { kind, namespace, name } = refOf(event);
    last.set(`${kind} ${namespace}/${name}`, event);
  }
  return [...last.values()].filter(({ kind }) => kind === 'applied');
}

/** All answers of a world; `walked` is left out, for it tells of the past. */
function answers(world: World): unknown {
  const rolloutAnswers = [...world.rolloutKeys()].sort(byText).map((key) => {
    const { walked: _, ...record } = world.rollout(key) ?? {};
    const ready = [...world.readyPods(key)].sort(([a], [b]) => byText(a, b));
    return [record, world.claims(key), world.lostClaims(key), ready, [...world.replicaSets(key)]];
  });
  const serviceAnswers = [...world.serviceKeys()].sort(byText).map((key) => {
    const found = world.service(key);
    const versions = [
      { kind: 'all' as const },
      ...hashes().map((of) => ({ kind: 'hash' as const, hash: of, adopts: of === 'h1' })),
    ];
    return [
      found,
      world.claimOn(key),
      found?.ports.map((port) => versions.map((version) => world.endpoints(key, port, version))),
    ];
  });
  return [rolloutAnswers, serviceAnswers];
}

function hashes(): readonly NonNullable<ReturnType<typeof hashOf>>[] {
  return ['h1', 'h2'].flatMap((text) => hashOf(text) ?? []);
}

function hashOf(text: string) {
  const event = parsed(pod('p', text));
  return event.kind === 'applied' && event.object.kind === 'Pod' ? event.object.hash : undefined;
}

test(`the same objects give the same answers, whatever was before and in whatever order they came (seed ${SEED})`, () => {
  fc.assert(
    fc.property(histories, fc.nat(), (history, salt) => {
      const lived = new World();
      for (const batch of history) lived.apply(batch);
      const fresh = new World();
      const rest = [...remaining(history)].sort((a, b) => byText(shuffleKey(a, salt), shuffleKey(b, salt)));
      fresh.apply(rest);
      assert.deepEqual(answers(lived), answers(fresh));
    }),
    { seed: SEED, numRuns: 400 },
  );
});

test(`what is not touched has not changed (seed ${SEED})`, () => {
  fc.assert(
    fc.property(histories, (history) => {
      const world = new World();
      for (const batch of history) {
        const before = perService(world);
        const rolloutsBefore = perRollout(world);
        const { services: touched, endpoints, rollouts: again } = world.apply(batch);
        for (const [key, answer] of perRollout(world)) {
          assert.ok(again.has(key) || rolloutsBefore.get(key) === answer, `${key} changed to ${answer}`);
        }
        for (const [key, answer] of perService(world)) {
          if (touched.has(key) || before.get(key) === answer) continue;
          assert.ok(endpoints.has(key), `${key} changed from ${before.get(key)} to ${answer}`);
        }
        for (const key of before.keys())
          assert.ok(world.service(key) !== undefined || touched.has(key), `${key} is gone`);
      }
    }),
    { seed: SEED, numRuns: 400 },
  );
});

/** What each Rollout answers: its steps, its claims, its ReplicaSets and which of its versions are alive. */
function perRollout(world: World): ReadonlyMap<ObjectKey, string> {
  return new Map(
    [...world.rolloutKeys()].map((key) => {
      const good = world.rollout(key)?.good;
      const alive = [...world.readyPods(key).keys()].sort();
      const sets = [...world.replicaSets(key).keys()].sort();
      return [
        key,
        JSON.stringify([good?.status, good?.strategy, world.claims(key), world.lostClaims(key), alive, sets]),
      ];
    }),
  );
}

/** What each Service answers: itself, its claim and its endpoints, those by version where it has a claim. */
function perService(world: World): ReadonlyMap<ObjectKey, string> {
  return new Map(
    [...world.serviceKeys()].map((key) => {
      const found = world.service(key);
      const claim = world.claimOn(key);
      const versions = [
        { kind: 'all' as const },
        ...(claim === undefined
          ? []
          : hashes().map((of) => ({ kind: 'hash' as const, hash: of, adopts: of === 'h1' }))),
      ];
      const shown = found?.ports.map((port) => [port, versions.map((version) => world.endpoints(key, port, version))]);
      return [key, JSON.stringify([found?.type, claim, shown])] as const;
    }),
  );
}

function shuffleKey(event: WorldEvent, salt: number): string {
  const { kind, name } = refOf(event);
  return Array.from(`${salt}${kind}${name}`)
    .reduce((sum, sign) => (sum * 31 + (sign.codePointAt(0) ?? 0)) % 65_521, salt)
    .toString();
}
