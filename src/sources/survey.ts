import type { BigIntStats, Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, normalize, sep } from 'node:path';
import type { Place, Problem } from '../base/index.js';
import { fileRef, type Sight } from './held-file.js';
import { inParallel } from './in-parallel.js';

/** All that is at a path and beneath it. */
export interface Survey {
  /** Files that are ours to read, with a mark that differs when they were written or replaced. */
  readonly files: ReadonlyMap<string, string>;
  /** Folders, with a mark that differs when another folder took the name. */
  readonly folders: ReadonlyMap<string, string>;
  /** Folders that can not be listed, and what can not even be looked at. What is known of them holds. */
  readonly failed: ReadonlyMap<string, Problem>;
}

/** Thousands at once would hold up the event loop, and whoever reads a changed file meanwhile. */
const LOOKS_AT_ONCE = 16;

const READ_AS_OBJECTS = /\.(?:ya?ml|json)$/i;

/**
 * Looks at `path`, which is `root` or in it, and at everything beneath it where it is a folder. A file counts by its name, but
 * `root` in any case. `onFolder` is called before a folder is listed: whoever watches it from then on misses nothing.
 *
 * Hidden names are passed over. That is also what a mounted ConfigMap or Secret needs: its files are links through `..data` to a
 * hidden folder, which must not be read a second time by itself (kubelet's atomic writer, pkg/volume/util/atomic_writer.go).
 */
export async function survey(
  path: string,
  root: string,
  onFolder: (folder: string, mark: string) => void = () => undefined,
): Promise<Survey> {
  const files = new Map<string, string>();
  const folders = new Map<string, string>();
  const failed = new Map<string, Problem>();
  const walk = async (at: string, around: readonly string[]): Promise<void> => {
    const status = await statusOf(at).catch((error: unknown) => {
      failed.set(at, cannotRead(at, error));
    });
    if (status === undefined) return;
    if (status.isFile() && (at === root || READ_AS_OBJECTS.test(at))) files.set(at, fileMark(status));
    // A link to a folder around it would never end.
    if (!status.isDirectory() || around.includes(identityOf(status))) return;
    const mark = `${identityOf(status)}:${status.birthtimeNs}`;
    folders.set(at, mark);
    onFolder(at, mark);
    try {
      const inner = [...around, identityOf(status)];
      const entries = await readdir(at, { withFileTypes: true });
      await inParallel(entries.filter(isWorthALook), LOOKS_AT_ONCE, (entry) => walk(join(at, entry.name), inner));
    } catch (error) {
      // One that went away meanwhile is no problem: its going is an event of its own.
      if (!isMissing(error)) failed.set(at, cannotRead(at, error));
    }
  };
  await walk(path, await foldersAround(path, root));
  return { files, folders, failed };
}

async function foldersAround(path: string, root: string): Promise<readonly string[]> {
  const identities: string[] = [];
  for (let at = path; at !== root && at !== dirname(at); ) {
    at = dirname(at);
    const status = await statusOf(at).catch(() => undefined);
    if (status !== undefined) identities.push(identityOf(status));
  }
  return identities;
}

/** A path in the one form that all paths beneath it are joined to. */
export function rootOf(path: string): string {
  const normal = normalize(path);
  return normal.length > 1 && normal.endsWith(sep) ? normal.slice(0, -1) : normal;
}

/** Whether there is something at a path. */
export async function isThere(path: string): Promise<boolean> {
  return (await statusOf(path).catch(() => undefined)) !== undefined;
}

/** Reads one file. Never fails: what can not be read is a sight too. `limit` is in bytes. */
export async function look(path: string, limit: number): Promise<Sight> {
  try {
    const status = await stat(path, { bigint: true });
    if (!status.isFile()) return { kind: 'gone' };
    if (status.size > BigInt(limit)) return { kind: 'unreadable', problem: tooLarge(path, status.size, limit) };
    const bytes = await readFile(path);
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { kind: 'text', text, identity: identityOf(status) };
  } catch (error) {
    return isMissing(error) ? { kind: 'gone' } : { kind: 'unreadable', problem: cannotRead(path, error) };
  }
}

/** That a file or folder can not be read; `error` says why. */
export function cannotRead(path: string, error: unknown): Problem {
  const value = error instanceof Error ? error.message : String(error);
  const expected = 'a file or folder that can be read, text in UTF-8; what it held stays in force';
  return unusable(path, { code: 'FILE_UNREADABLE', value, expected });
}

function tooLarge(path: string, size: bigint, limit: number): Problem {
  const expected = `a file of at most ${limit} bytes: split it; what it held stays in force`;
  return unusable(path, { code: 'FILE_TOO_LARGE', value: `${size} bytes`, expected });
}

function unusable(path: string, what: Pick<Problem, 'code' | 'value' | 'expected'>): Problem {
  return { ...what, severity: 'error', object: fileRef(path), path: '', place: top(path) };
}

function top(file: string): Place {
  return { file, line: 1, column: 1 };
}

function isWorthALook(entry: Dirent): boolean {
  return !isHidden(entry.name) && (!entry.isFile() || READ_AS_OBJECTS.test(entry.name));
}

/** Whether a name is passed over. */
export function isHidden(path: string): boolean {
  return basename(path).startsWith('.');
}

/** `undefined` where nothing is there; that one may not look is no proof of that, and fails. */
async function statusOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function identityOf(status: BigIntStats): string {
  return `${status.dev}:${status.ino}`;
}

function fileMark(status: BigIntStats): string {
  return `${identityOf(status)}:${status.size}:${status.mtimeNs}:${status.ctimeNs}`;
}

const MISSING: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** Whether an error says that nothing is there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && MISSING.has(error.code);
}
