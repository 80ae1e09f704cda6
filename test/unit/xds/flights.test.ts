import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EncodedResource } from '../../../src/codec/index.js';
import { Flights } from '../../../src/xds/protocol/flights.js';
import { NameList, ResourceList } from '../../../src/xds/protocol/sharing.js';
import { cluster } from './given.js';

const RUNS = { numRuns: Number(process.env['PENSTOCK_PROPERTY_RUNS'] ?? 500), includeErrorInReport: true };

/** What is on its way, as one newest thing a name; and what is in each response. */
class Model {
  readonly flying = new Map<string, EncodedResource | 'removal'>();
  readonly inFlight = new Map<string, { brings: readonly EncodedResource[]; removed: readonly string[] }>();
  readonly good = new Map<string, EncodedResource>();

  send(nonce: string, brings: readonly EncodedResource[], removed: readonly string[]): void {
    this.inFlight.set(nonce, { brings, removed });
    for (const each of brings) this.flying.set(each.name, each);
    for (const name of removed) {
      this.good.delete(name);
      this.flying.set(name, 'removal');
    }
  }

  land(nonce: string): void {
    if (!this.inFlight.has(nonce)) return;
    for (const [earlier, { brings, removed }] of this.inFlight) {
      this.inFlight.delete(earlier);
      for (const each of brings) {
        if (this.flying.get(each.name) !== each) continue;
        this.flying.delete(each.name);
        this.good.set(each.name, each);
      }
      for (const name of removed) {
        const isInAir = [...this.inFlight.values()].some((later) => later.removed.includes(name));
        if (this.flying.get(name) === 'removal' && !isInAir) this.flying.delete(name);
      }
      if (earlier === nonce) return;
    }
  }

  drop(name: string): void {
    this.flying.delete(name);
    this.good.delete(name);
  }
}

const name = fc.constantFrom(...Array.from({ length: 12 }, (_, index) => `c${index}`));
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), names: fc.uniqueArray(name) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), names: fc.uniqueArray(name) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('land' as const), back: fc.integer({ min: 0, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), name }) },
);

test('of a name the newest counts that was sent, until it lands or the client drops it', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [flights, model] = [new Flights(), new Model()];
      const good = new Map<string, EncodedResource>();
      const nonces: string[] = [];
      steps.forEach((one, at) => {
        const nonce = `n${at}`;
        if (one.kind === 'send') {
          const brings = one.names.map((each) => cluster(each, nonce));
          flights.add(nonce, {
            sequence: at,
            brings: new ResourceList(brings),
            removed: new NameList([]),
            aliases: new Map(),
          });
          model.send(nonce, brings, []);
          nonces.push(nonce);
        } else if (one.kind === 'remove') {
          for (const each of one.names) {
            flights.drop(each);
            good.delete(each);
          }
          flights.add(nonce, {
            sequence: at,
            brings: new ResourceList([]),
            removed: new NameList(one.names),
            aliases: new Map(),
          });
          for (const each of one.names) model.drop(each);
          model.send(nonce, [], one.names);
          nonces.push(nonce);
        } else if (one.kind === 'land') {
          const answered = nonces.at(-1 - one.back) ?? 'of another life';
          for (const landed of flights.land(answered)) {
            for (const each of landed.sent.brings.resources) {
              if (flights.counts(landed, each.name)) good.set(each.name, each);
              else assert.equal(landed.isWhole, false);
            }
          }
          model.land(answered);
        } else {
          flights.drop(one.name);
          good.delete(one.name);
          model.drop(one.name);
        }
        assert.equal(flights.size, model.inFlight.size);
        for (let index = 0; index < 12; index += 1)
          assert.equal(flights.get(`c${index}`), model.flying.get(`c${index}`));
        assert.deepEqual(new Set(flights.names()), new Set(model.flying.keys()));
        assert.deepEqual(good, model.good);
      });
    }),
    RUNS,
  );
});

test('a nonce that was answered already, or was never sent, lands nothing', () => {
  const flights = new Flights();
  const sent = { sequence: 1, brings: new ResourceList([cluster('a')]), removed: new NameList([]), aliases: new Map() };
  flights.add('1', sent);
  assert.deepEqual([...flights.land('2')], []);
  assert.deepEqual(
    [...flights.land('1')].map(({ isAnswered, isWhole }) => [isAnswered, isWhole]),
    [[true, true]],
  );
  assert.deepEqual([...flights.land('1')], []);
});

test('an answer to a later response answers those before it', () => {
  const flights = new Flights();
  for (const nonce of ['1', '2', '3']) {
    const brings = new ResourceList([cluster('a', nonce), cluster(`only ${nonce}`)]);
    flights.add(nonce, { sequence: Number(nonce), brings, removed: new NameList([]), aliases: new Map() });
  }
  const landed = [...flights.land('2')];
  assert.deepEqual(
    landed.map(({ isAnswered, isWhole }) => [isAnswered, isWhole]),
    [
      [false, false],
      [true, false],
    ],
  );
  assert.equal((flights.get('a') as EncodedResource).version, '3');
  assert.deepEqual(
    landed.map((each) => flights.counts(each, 'a')),
    [false, false],
  );
  assert.deepEqual(
    landed.map((each) => flights.counts(each, `only ${each.sent.sequence}`)),
    [true, true],
  );
});
