import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Problem } from '../../../src/base/index.js';
import { parseObject, type WorldEvent } from '../../../src/model/index.js';
import { Inbox, Pipeline, type Publication } from '../../../src/pipeline/index.js';
import { rollout, service, slice } from '../../harness/manifests.js';

interface Scene {
  readonly inbox: Inbox;
  /** What the pipeline was brought, a line a call. */
  readonly told: string[];
  /** Ends the turn of the event loop. */
  readonly turn: () => void;
}

function scene(t: TestContext): Scene {
  t.mock.timers.enable({ apis: ['setImmediate'] });
  const told: string[] = [];
  const inbox = new Inbox({
    apply: (events, seenAt) => told.push(`${events.map(brief).join(' ')} @${seenAt}`),
    fileProblems: (file, problems) => told.push(`${file}: ${problems.map(({ code }) => code).join(' ')}`),
  });
  return { inbox, told, turn: () => t.mock.timers.tick(1) };
}

/** `+web:8080` for a slice with that port, `-web` for a deleted one, `!web` for one that can not be used. */
function brief(event: WorldEvent): string {
  if (event.kind === 'deleted') return `-${event.ref.name}`;
  if (event.kind === 'rejected') return `!${event.ref.name}`;
  const { object } = event;
  return `+${object.name}${object.kind === 'EndpointSlice' ? `:${String(object.ports[0]?.port)}` : ''}`;
}

function parsed(manifest: Readonly<Record<string, unknown>>): WorldEvent {
  const event = parseObject(manifest);
  assert.ok(event !== undefined);
  return event;
}

const REF = { kind: 'EndpointSlice', namespace: 'shop', name: 'a-0' };
const PROBLEM: Problem = {
  code: 'FIELD_VALUE',
  severity: 'error',
  object: REF,
  path: '',
  value: '',
  expected: '',
};
const GONE: WorldEvent = { kind: 'deleted', ref: REF };
const BAD: WorldEvent = { kind: 'rejected', ref: REF, rest: undefined, problems: [PROBLEM] };

function at(port: number, of = 'a'): WorldEvent {
  return parsed(slice(of, { name: '0', port }));
}

function web(setWeight: number): WorldEvent {
  return parsed(rollout('web', { steps: [{ setWeight }] }, {}));
}

function pipelineTo(publish: (publication: Publication) => void): Pipeline {
  return new Pipeline({
    now: () => performance.now(),
    publish,
    problems: () => undefined,
    locate: () => undefined,
    failed: (_, error) => assert.ifError(error),
  });
}

test('what comes in one turn of the event loop is one batch, seen when the first of it was seen', (t) => {
  const { inbox, told, turn } = scene(t);
  inbox.apply([at(1, 'a')], 7);
  inbox.apply([at(2, 'b'), at(3, 'c')], 5);
  assert.deepEqual(told, []);
  turn();
  inbox.apply([at(4, 'a')], 9);
  turn();
  turn();
  assert.deepEqual(told, ['+a-0:1 +b-0:2 +c-0:3 @5', '+a-0:4 @9']);
});

test('an empty batch is one too: it says that the source is complete', (t) => {
  const { inbox, told, turn } = scene(t);
  inbox.apply([], 3);
  turn();
  assert.deepEqual(told, [' @3']);
});

test('it brings at once what it holds, and brings it once', (t) => {
  const { inbox, told, turn } = scene(t);
  inbox.apply([at(1)], 1);
  inbox.flush();
  inbox.flush();
  turn();
  assert.deepEqual(told, ['+a-0:1 @1']);
});

test('what it holds can be forgotten', (t) => {
  const { inbox, told, turn } = scene(t);
  inbox.apply([at(1)], 1);
  inbox.fileProblems('f.yaml', [PROBLEM]);
  inbox.drop();
  turn();
  inbox.apply([at(2)], 2);
  turn();
  assert.deepEqual(told, ['+a-0:2 @2']);
});

test('of problems with a file the last word counts, and they come before the events', (t) => {
  const { inbox, told, turn } = scene(t);
  inbox.fileProblems('f.yaml', []);
  inbox.apply([at(1)], 1);
  inbox.fileProblems('g.yaml', [PROBLEM]);
  inbox.fileProblems('f.yaml', [PROBLEM]);
  turn();
  inbox.fileProblems('g.yaml', []);
  turn();
  assert.deepEqual(told, ['f.yaml: FIELD_VALUE', 'g.yaml: FIELD_VALUE', '+a-0:1 @1', 'g.yaml: ']);
});

const ROWS: readonly (readonly [name: string, events: readonly WorldEvent[], want: string])[] = [
  ['a later version takes the place of an earlier one', [at(1), at(9, 'b'), at(2)], '+b-0:9 +a-0:2'],
  ['what is gone at the end was never there', [at(1), at(2), GONE], '-a-0'],
  ['what is there again was never gone', [GONE, at(1)], '+a-0:1'],
  ['what can not be used leaves the version before it in force', [at(1), BAD], '+a-0:1 !a-0'],
  ['nor does it bring back what was deleted', [GONE, BAD], '-a-0 !a-0'],
  ['a version that can be used takes the place of one that can not', [BAD, at(1)], '+a-0:1'],
  ['of several that can not be used the last one counts', [BAD, BAD], '!a-0'],
  ['of a Rollout all versions count: it means what its history says', [web(20), web(50), web(20)], '+web +web +web'],
];
for (const [name, events, want] of ROWS) {
  test(`one batch: ${name}`, (t) => {
    const { inbox, told, turn } = scene(t);
    for (const event of events) inbox.apply([event], 0);
    turn();
    assert.deepEqual(told, [`${want} @0`]);
  });
}

test('10,000 endpoint events in bursts are as many publications as there are bursts, and the last one wins', async () => {
  const sequences: number[] = [];
  const pipeline = pipelineTo(({ sequence }) => sequences.push(sequence));
  const names = Array.from({ length: 100 }, (_, index) => `s${index}`);
  pipeline.apply(names.map((name) => parsed(service(name, { app: name }))));
  const inbox = new Inbox(pipeline);
  for (let burst = 0; burst < 10; burst += 1) {
    for (let event = 0; event < 1000; event += 1) {
      inbox.apply([at(8000 + burst, names[event % names.length])], performance.now());
    }
    await new Promise(setImmediate);
  }
  assert.equal(sequences.length, 1 + 10);
  const direct = pipelineTo(() => undefined);
  direct.apply(names.flatMap((name) => [parsed(service(name, { app: name })), at(8009, name)]));
  const versions = ({ snapshot }: Pipeline): readonly unknown[] =>
    [...snapshot.keys].map((key) => snapshot.hosts.get(key)?.endpoints.map(({ version }) => version));
  assert.deepEqual(versions(pipeline), versions(direct));
});
