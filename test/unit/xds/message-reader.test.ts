import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Message } from '../../../src/xds/grpc/message.js';
import { Budget, MessageReader } from '../../../src/xds/grpc/message-reader.js';
import { statusMessage } from '../../../src/xds/grpc/status.js';

test('whatever is written is read, wherever it was cut, and all memory is given back', () => {
  const texts = fc.array(fc.string({ maxLength: 40 }), { maxLength: 8 });
  const cuts = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(texts, cuts, (messages, sizes) => {
      const budget = new Budget(1000);
      const reader = new MessageReader(1000, budget);
      const bytes = Buffer.concat(messages.map((text) => new Message(Buffer.from(text)).framed));
      const read: string[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const end = at + (sizes[turn % sizes.length] ?? 1);
        reader.read(bytes.subarray(at, end), (message) => read.push(message.toString()));
        at = end;
      }
      assert.deepEqual(read, messages);
      assert.equal(reader.isWithin, false);
      budget.take(1000);
    }),
  );
});

test('memory follows what has come, not what was announced', () => {
  const budget = new Budget(32 * 1024 * 1024);
  const reader = new MessageReader(32 * 1024 * 1024, budget);
  const prefix = Buffer.from([0, 2, 0, 0, 0]);
  reader.read(Buffer.concat([prefix, Buffer.alloc(1000)]), () => assert.fail('it is not complete'));
  budget.take(32 * 1024 * 1024 - 4096);
  reader.close();
  budget.take(4096);
});

test('a reader that is closed within a message reads no more, and holds nothing', () => {
  const budget = new Budget(100);
  const reader = new MessageReader(100, budget);
  const two = Buffer.concat([new Message(Buffer.from('first')).framed, new Message(Buffer.from('second')).framed]);
  const read: string[] = [];
  reader.read(two.subarray(0, 18), (message) => {
    read.push(message.toString());
    reader.close();
  });
  reader.read(two.subarray(18), () => assert.fail('it is closed'));
  assert.deepEqual(read, ['first']);
  budget.take(100);
});

test('a status text is printable ASCII, and no longer than clients take', () => {
  assert.equal(statusMessage('plain, 1/2 ~'), 'plain, 1/2 ~');
  assert.equal(statusMessage('100% ü\r\n'), '100%25 %C3%BC%0D%0A');
  assert.equal(decodeURIComponent(statusMessage('字 and 🙂')), '字 and 🙂');
  assert.ok(statusMessage('字'.repeat(5000)).length <= 9000);
});
