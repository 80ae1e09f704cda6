import type { ErrorCode } from '../base/index.js';
import type { AdminFacts } from './facts.js';

/** An HTTP answer before it is written. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** An answer of JSON, indented for people. */
export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value, undefined, 2)}\n` };
}

/** An answer that says what is wrong, in the same form everywhere. */
export function wrongAnswer(status: number, code: ErrorCode, message: string): Answer {
  return jsonAnswer(status, { error: { code, message } });
}

type Parts = readonly string[];

interface Route {
  /** Segments of the path; one in capitals takes anything but nothing. */
  readonly path: Parts;
  readonly answer: (facts: AdminFacts, wild: Parts) => Answer | Promise<Answer>;
}

const ROUTES: readonly Route[] = [
  { path: ['livez'], answer: () => jsonAnswer(200, { status: 'alive' }) },
  {
    path: ['readyz'],
    answer: (facts) =>
      facts.isReady() ? jsonAnswer(200, { status: 'ready' }) : jsonAnswer(503, { status: 'not ready' }),
  },
  {
    path: ['metrics'],
    answer: async (facts) => {
      const { contentType, text } = await facts.metrics();
      return { status: 200, contentType, body: text };
    },
  },
  { path: ['v1', 'rollouts'], answer: (facts) => jsonAnswer(200, { rollouts: facts.rollouts() }) },
  {
    path: ['v1', 'rollouts', 'NAMESPACE', 'NAME'],
    answer: (facts, [namespace = '', name = '']) =>
      found(
        facts.rollout(namespace, name),
        `no Rollout ${namespace}/${name} shapes traffic; /v1/rollouts lists those that do`,
      ),
  },
  { path: ['v1', 'proxies'], answer: (facts) => jsonAnswer(200, { proxies: facts.proxies() }) },
  {
    path: ['v1', 'proxies', 'ID'],
    answer: (facts, [id = '']) =>
      found(facts.proxy(id), `no proxy ${id} is connected; /v1/proxies lists those that are`),
  },
];

function found(value: unknown, otherwise: string): Answer {
  return value === undefined ? wrongAnswer(404, 'NOT_FOUND', otherwise) : jsonAnswer(200, value);
}

/** Every path that is answered, for the message about one that is not. */
export const PATHS: readonly string[] = ROUTES.map(({ path }) => `/${path.join('/')}`);

/** The answer to a GET of a path (without its query). */
export function answerTo(pathname: string, facts: AdminFacts): Answer | Promise<Answer> {
  const parts = decoded(pathname);
  if (parts === undefined) return wrongAnswer(400, 'REQUEST_INVALID', 'the path holds an invalid percent escape');
  for (const route of ROUTES) {
    const wild = wildParts(route.path, parts);
    if (wild !== undefined) return route.answer(facts, wild);
  }
  return wrongAnswer(404, 'NOT_FOUND', `nothing is at this path; there is ${PATHS.join(', ')}`);
}

function decoded(pathname: string): Parts | undefined {
  try {
    return pathname.replace(/^\//, '').split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}

/** What stands where the pattern has capitals; `undefined` where the path is another one. */
function wildParts(pattern: Parts, parts: Parts): Parts | undefined {
  if (pattern.length !== parts.length) return undefined;
  const fits = pattern.every((segment, at) => (isWild(segment) ? parts[at] !== '' : segment === parts[at]));
  return fits ? parts.filter((_, at) => isWild(pattern[at] ?? '')) : undefined;
}

function isWild(segment: string): boolean {
  return /^[A-Z]+$/.test(segment);
}
