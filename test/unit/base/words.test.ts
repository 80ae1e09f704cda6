import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest, parseDuration } from '../../../src/base/index.js';

const durations = [
  { text: '30s', want: 30_000 },
  { text: '500ms', want: 500 },
  { text: '1h30m', want: 5_400_000 },
  { text: '1.5s', want: 1500 },
  { text: '0s', want: 0 },
  { text: '1us', want: 1 },
  { text: '10µs', want: 1 },
  { text: '1m', want: 60_000 },
  { text: '1ms1m', want: 60_001 },
  { text: '2562047h', want: 9_223_369_200_000 },
  { text: '2562048h', want: undefined },
  { text: '', want: undefined },
  { text: '30', want: undefined },
  { text: '-1s', want: undefined },
  { text: '1 s', want: undefined },
  { text: '1d', want: undefined },
  { text: '.5s', want: undefined },
  { text: '9'.repeat(50).concat('s'), want: undefined },
];
for (const { text, want } of durations) {
  test(`the duration "${text}" is ${want ?? 'none'}${want === undefined ? '' : ' ms'}`, () =>
    assert.equal(parseDuration(text), want));
}

const words = ['setWeight', 'setHeaderRoute', 'setMirrorRoute', 'pause'];
const slips = [
  { word: 'setWieght', want: 'setWeight' },
  { word: 'setweight', want: 'setWeight' },
  { word: 'puase', want: 'pause' },
  { word: 'ttl', want: undefined },
  { word: 'pauze', want: 'pause' },
  { word: 'setMirorRoutes', want: 'setMirrorRoute' },
  { word: 'analysis', want: undefined },
  { word: 'x'.repeat(10_000), want: undefined },
];
for (const { word, want } of slips) {
  test(`for ${word.slice(0, 20)} one most likely meant ${want ?? 'nothing we know'}`, () =>
    assert.equal(nearest(word, words), want));
}
