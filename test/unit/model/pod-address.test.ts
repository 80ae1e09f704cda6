import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPodAddress } from '../../../src/model/pod-address.js';

const rows = [
  { address: '10.42.1.3', want: true },
  { address: '127.0.0.1', want: true },
  { address: '100.64.0.1', want: true },
  { address: '2001:db8::7', want: true },
  { address: 'fd00::7', want: true },
  { address: '::1', want: true },
  { address: '0.0.0.0', want: false },
  { address: '::', want: false },
  { address: '0:0:0:0:0:0:0:0', want: false },
  { address: '169.254.169.254', want: false },
  { address: '::ffff:169.254.169.254', want: false },
  { address: '::ffff:a9fe:a9fe', want: false },
  { address: 'fe80::1', want: false },
  { address: 'febf::1', want: false },
  { address: '224.0.0.1', want: false },
  { address: 'ff02::1', want: false },
  { address: '10.42.1.300', want: false },
  { address: 'localhost', want: false },
  { address: '', want: false },
];
for (const { address, want } of rows) {
  test(`${address || 'nothing'} is ${want ? 'an' : 'no'} address of a pod`, () => {
    assert.equal(isPodAddress(address), want);
  });
}
