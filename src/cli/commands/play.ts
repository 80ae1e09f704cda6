import { EXIT, type ExitCode, UsageError } from '../exit.js';
import { readFlag } from '../flags.js';
import { count, print } from '../output.js';
import type { RolloutName } from '../play/edit-status.js';
import { abortNow, type JsonObject, type Next, nextStatus, startFrom, stepsOf, updateTo } from '../play/next-status.js';
import { readRollout, rolloutFile, writeStatus } from '../play/rollout-file.js';
import { stopSignal } from '../signals.js';
import { parseCount, parseNamespacedName, type Parsed } from '../values.js';

/** Flags of `play`, as texts. */
export interface PlayFlags {
  readonly file: string;
  readonly rollout: string;
  readonly stepSeconds: string;
  readonly from: string;
  readonly until?: string;
  readonly abortAt?: string;
  readonly toHash?: string;
}

/** How a walk begins and ends. */
interface Walk {
  readonly stepMs: number;
  /** `undefined`: from where the status is. */
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly abortAt: number | undefined;
  readonly toHash: string | undefined;
}

/** Walks a Rollout through its steps, a status at a time; stops between two of them when a signal comes. */
export async function play(flags: PlayFlags): Promise<ExitCode> {
  const wanted = readFlag('--rollout', flags.rollout, parseNamespacedName);
  const walk = readWalk(flags);
  const file = rolloutFile(flags.file, wanted);
  const signal = stopSignal();
  let isStopped = false;
  signal.stopped.then(
    () => (isStopped = true),
    () => undefined,
  );
  try {
    for (const moves = movesOf(walk); ; ) {
      const next = moves(readRollout(file, wanted));
      if (next.kind === 'stuck') throw new UsageError(`Rollout ${flags.rollout} in ${file}: ${next.why}`);
      if (next.kind === 'done') {
        say(wanted, next.why);
        return EXIT.fine;
      }
      writeStatus(file, wanted, next.status);
      say(wanted, next.what);
      if (walk.stepMs > 0) await signal.sleep(walk.stepMs);
      else await new Promise(setImmediate);
      if (isStopped) {
        say(wanted, 'stopped here; the file is whole');
        return EXIT.fine;
      }
    }
  } finally {
    signal.release();
  }
}

function readWalk(flags: PlayFlags): Walk {
  const stepNumber = (flag: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : readFlag(flag, text, parseCount);
  if (flags.toHash !== undefined && flags.from !== 'current') {
    throw new UsageError('--to-hash starts an update at its first step: leave --from out');
  }
  return {
    stepMs: readFlag('--step-seconds', flags.stepSeconds, parseSeconds) * 1000,
    from: flags.from === 'current' ? undefined : stepNumber('--from', flags.from),
    until: stepNumber('--until', flags.until),
    abortAt: stepNumber('--abort-at', flags.abortAt),
    toHash: flags.toHash,
  };
}

function parseSeconds(text: string): Parsed<number> {
  const isNumber = /^\d+(?:\.\d+)?$/.test(text) && Number(text) <= 86_400;
  return isNumber
    ? { ok: true, value: Number(text) }
    : { ok: false, expected: 'seconds from 0 to 86400, for example 5 or 0.5' };
}

/** The moves of a walk one after the other, each from the Rollout as its file has it then: somebody else may have edited it. */
function movesOf(walk: Walk): (rollout: JsonObject) => Next {
  let isStarted = false;
  let isAborted = false;
  return (rollout) => {
    if (!isStarted) {
      isStarted = true;
      const unreachable = unreachableStep(walk, rollout);
      if (unreachable !== undefined) return { kind: 'stuck', why: unreachable };
      if (walk.toHash !== undefined) return updateTo(rollout, walk.toHash);
      if (walk.from !== undefined) return startFrom(rollout, walk.from);
    }
    const completed = stepsOf(rollout)?.completed;
    if (walk.until !== undefined && completed === walk.until) {
      return { kind: 'done', why: `${count(walk.until, 'step')} completed, as asked` };
    }
    if (!isAborted && walk.abortAt !== undefined && completed === walk.abortAt) {
      isAborted = true;
      return abortNow(rollout);
    }
    return nextStatus(rollout);
  };
}

/** Why a step at which the walk shall end never comes: without this it would go on to the promotion. */
function unreachableStep(walk: Walk, rollout: JsonObject): string | undefined {
  const { count: all = 0, completed = 0 } = stepsOf(rollout) ?? {};
  const first = walk.toHash === undefined ? (walk.from ?? completed) : 0;
  for (const [flag, step] of [
    ['--until', walk.until],
    ['--abort-at', walk.abortAt],
  ] as const) {
    if (step === undefined) continue;
    if (step > all) return `it has ${count(all, 'step')}, so ${flag} ${step} never comes`;
    if (step < first) return `${count(first, 'step')} completed at the start, so ${flag} ${step} never comes`;
  }
  return undefined;
}

function say(wanted: RolloutName, what: string): void {
  print(`${new Date().toISOString().slice(11, 23)} ${wanted.namespace}/${wanted.name} ${what}`);
}
