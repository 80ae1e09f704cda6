import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeMatch } from '../../../src/resources/match.js';
import { exact, header, match, prefix, regex } from './given.js';

const rows = [
  { name: 'nothing: every request', given: match({}), want: { prefix: '/', headers: [] } },
  {
    name: 'an exact path leaves the query string out',
    given: match({ path: exact('/a') }),
    want: { path: '/a', headers: [] },
  },
  { name: 'a path prefix', given: match({ path: prefix('/a') }), want: { prefix: '/a', headers: [] } },
  { name: 'a path regex', given: match({ path: regex('/a.*') }), want: { safe_regex: { regex: '/a.*' }, headers: [] } },
  { name: 'an empty path regex', given: match({ path: regex('') }), want: { path: '', headers: [] } },
  {
    name: 'a header that equals',
    given: header('x-a', exact('b')),
    want: { prefix: '/', headers: [{ name: 'x-a', string_match: { exact: 'b' } }] },
  },
  {
    name: 'a header that begins with',
    given: header('x-a', prefix('b')),
    want: { prefix: '/', headers: [{ name: 'x-a', string_match: { prefix: 'b' } }] },
  },
  {
    name: 'a header that matches',
    given: header('x-a', regex('b+')),
    want: { prefix: '/', headers: [{ name: 'x-a', string_match: { safe_regex: { regex: 'b+' } } }] },
  },
  {
    name: 'an empty header prefix: the header is there',
    given: header('x-a', prefix('')),
    want: { prefix: '/', headers: [{ name: 'x-a', present_match: true }] },
  },
  {
    name: 'an empty header regex: the header is empty',
    given: header('x-a', regex('')),
    want: { prefix: '/', headers: [{ name: 'x-a', string_match: { exact: '' } }] },
  },
  {
    name: 'the host by the name Envoy has for it',
    given: header('host', exact('shop.example')),
    want: { prefix: '/', headers: [{ name: ':authority', string_match: { exact: 'shop.example' } }] },
  },
  {
    name: 'all conditions at once, the method first',
    given: match({ method: prefix('P'), path: prefix('/a'), headers: [{ name: 'x-a', value: exact('b') }] }),
    want: {
      prefix: '/a',
      headers: [
        { name: ':method', string_match: { prefix: 'P' } },
        { name: 'x-a', string_match: { exact: 'b' } },
      ],
    },
  },
];
for (const { name, given, want } of rows) test(`match: ${name}`, () => assert.deepEqual(routeMatch(given), want));
