import { assertNever } from '../base/index.js';
import {
  type HeldFile,
  isBlank,
  isJson,
  isSameFile,
  leaving,
  readFileText,
  type Sight,
  unreadable,
} from './held-file.js';

/**
 * Why a reading may be one of a file that is just being written, so that it should be looked at again before it counts. `cut`: it is
 * broken, empty, ends in the middle of a line or got shorter. `lost`: it is whole, but objects are missing from it; what it costs to be
 * wrong there is a service that nobody reaches, so it should be quiet for longer.
 */
export type Doubt = 'none' | 'cut' | 'lost';

/** The doubt about a reading. None is cast on the size of a file that another one replaced, nor on JSON, complete where it can be read at all. */
function doubtOf(before: HeldFile | undefined, now: HeldFile): Doubt {
  const text = now.text ?? '';
  if (!now.isWhole || isBlank(text)) return 'cut';
  if (isJson(text) && now.documents.size === 1) return 'none';
  return (
    (isSameFile(before, now.identity) ? lossSince(before, now) : undefined) ?? (text.endsWith('\n') ? 'none' : 'cut')
  );
}

function lossSince(before: HeldFile, now: HeldFile): Doubt | undefined {
  if ([...before.objects.keys()].some((id) => !now.objects.has(id))) return 'lost';
  return (now.text?.length ?? 0) < (before.text?.length ?? 0) ? 'cut' : undefined;
}

/** What to make of a look at a file: what it gives now, and whether to look again before more of the look counts. */
export interface Verdict {
  readonly now: HeldFile | undefined;
  readonly doubt: Doubt;
}

/** A look at a file. */
export interface Look {
  readonly file: string;
  readonly sight: Sight;
  /** Whether the file has been quiet, and so what is seen counts: then nothing is doubted. */
  readonly counts: boolean;
}

/** Decides what a file gives after a look at it. Pure. */
export function judge(before: HeldFile | undefined, { file, sight, counts }: Look): Verdict {
  switch (sight.kind) {
    case 'unreadable':
      return { now: unreadable(before, sight.problem), doubt: 'none' };
    case 'gone':
      return counts || before === undefined || before.objects.size === 0
        ? { now: undefined, doubt: 'none' }
        : { now: leaving(before), doubt: 'cut' };
    case 'text': {
      const { text, identity } = sight;
      if (before?.text === text) return { now: { ...before, identity }, doubt: 'none' };
      const now = readFileText(before, { file, text, identity });
      const doubt = counts ? 'none' : doubtOf(before, now);
      return { now: doubt === 'none' ? now : before, doubt };
    }
    default:
      return assertNever(sight);
  }
}
