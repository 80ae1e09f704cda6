import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A file of the repository is what the code makes of it; `npm run golden:update` writes it. */
export function expectFresh(path: string, text: string): void {
  if (process.env['UPDATE_GOLDEN']) {
    assert.notEqual(process.env['CI'], 'true', 'UPDATE_GOLDEN is refused where CI=true');
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  assert.ok(existsSync(path), `${path} is missing: npm run golden:update writes it`);
  assert.equal(readFileSync(path, 'utf8'), text, `${path} is stale: npm run golden:update rewrites it; read the diff`);
}
