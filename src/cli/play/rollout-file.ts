import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ControlPlaneError } from '../../base/index.js';
import { findRollout, type RolloutName, withStatus } from './edit-status.js';
import type { JsonObject } from './next-status.js';

/** The file that holds a Rollout. Throws `SOURCE_UNREADABLE` where there is none. */
export function rolloutFile(path: string, wanted: RolloutName): string {
  const files = filesOf(path);
  const file = files.find((each) => findRollout(readFileSync(each, 'utf8'), wanted) !== undefined);
  if (file !== undefined) return file;
  const looked = files.length === 1 ? '1 file' : `${files.length} files`;
  const message = `no Rollout ${wanted.namespace}/${wanted.name} in ${path} (${looked} looked at)`;
  throw new ControlPlaneError('SOURCE_UNREADABLE', message);
}

/** The Rollout as its file has it now. Throws `SOURCE_UNREADABLE` where it is gone or the file is broken. */
export function readRollout(file: string, wanted: RolloutName): JsonObject {
  const rollout = findRollout(textOf(file), wanted);
  if (rollout !== undefined) return rollout;
  throw new ControlPlaneError(
    'SOURCE_UNREADABLE',
    `Rollout ${wanted.namespace}/${wanted.name} is no longer in ${file}`,
  );
}

/**
 * Writes another status in one step: whoever reads the file sees the old text or the new one, never a part. Throws
 * `FILE_UNWRITABLE`, and the file is then as it was.
 */
export function writeStatus(file: string, wanted: RolloutName, status: JsonObject): void {
  // A mounted ConfigMap is a chain of links: the file at its end is replaced, not the link.
  const target = realpathSync(file);
  const text = withStatus(textOf(target), wanted, status);
  const temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    const handle = openSync(temporary, 'w', statSync(target).mode);
    try {
      fill(handle, text);
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  } catch (cause) {
    const message = `${target} can not be written and is as it was: ${reason(cause)}`;
    throw new ControlPlaneError('FILE_UNWRITABLE', message, { cause });
  }
}

function fill(handle: number, text: string): void {
  try {
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function filesOf(path: string): readonly string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ya?ml|json)$/.test(name) && !basename(name).startsWith('.'))
      .map((name) => join(path, name))
      .filter((file) => statSync(file).isFile())
      .toSorted();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw unreadable(file, cause);
  }
}

function unreadable(path: string, cause: unknown): ControlPlaneError {
  return new ControlPlaneError('SOURCE_UNREADABLE', `${path} can not be read: ${reason(cause)}`, { cause });
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
