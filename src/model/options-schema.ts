import {
  DURATION,
  type DurationMs,
  parseDuration,
  type Percent,
  percent,
  type PortNumber,
  portNumber,
} from '../base/index.js';
import { z } from 'zod';
import type { OutlierDetection, Retries, RolloutOptions, Sticky, Timeout } from './objects.js';

// Every message says what would be right, for it becomes the `expected` of a problem. Descriptions are for the JSON Schema.

type Expected = { readonly error: string };
const DURATION_EXPECTED: Expected = { error: 'a duration such as 30s, 500ms or 1h30m' };
const DEFAULT_TIMEOUT: Timeout = { kind: 'default' };
const OBJECT: Expected = { error: 'an object' };
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Ends a transformation whose parser said no. */
function refuse(context: z.core.$RefinementCtx, { error }: Expected): never {
  context.addIssue({ code: 'custom', message: error });
  return z.NEVER;
}

function duration(description: string): z.ZodType<DurationMs, string> {
  return z
    .string(DURATION_EXPECTED)
    .regex(DURATION, DURATION_EXPECTED)
    .describe(description)
    .transform((text, context) => parseDuration(text) ?? refuse(context, DURATION_EXPECTED));
}

/** Envoy refuses a cluster with none. */
function period(description: string): z.ZodType<DurationMs, string> {
  return duration(description).refine((ms) => ms > 0, { error: 'a duration of more than 0s' });
}

/** `off` and a duration of nothing are the same: Envoy takes 0 for no timeout. */
function timeout(description: string): z.ZodType<Timeout | undefined, string | undefined> {
  const expected = { error: 'off, or a duration such as 30s, 500ms or 1h30m' };
  return z
    .union([z.literal('off'), z.string(expected).regex(DURATION, expected)], expected)
    .describe(description)
    .transform((text, context): Timeout => {
      if (text === 'off') return { kind: 'off' };
      const ms = parseDuration(text) ?? refuse(context, expected);
      return ms === 0 ? { kind: 'off' } : { kind: 'after', ms };
    })
    .optional();
}

function whole(from: number, to: number, description: string): z.ZodType<number, number> {
  const expected = { error: `a whole number from ${from} to ${to}` };
  return z.int(expected).min(from, expected).max(to, expected).describe(description);
}

function word(grammar: RegExp, error: string, description: string): z.ZodType<string, string> {
  return z.string({ error }).regex(grammar, { error }).describe(description);
}

function list<T>(element: z.ZodType<T>, description: string): z.ZodType<T[] | undefined> {
  const expected = { error: 'a list of 1 to 100' };
  return z.array(element, expected).min(1, expected).max(100, expected).describe(description).optional();
}

const PORT = whole(1, 65_535, 'Port of the Service.').transform((port, context): PortNumber => {
  return portNumber(port) ?? refuse(context, { error: 'a port' });
});

const PERCENT = whole(0, 100, 'At most this part of a version is ejected at a time, but always one endpoint.')
  .default(10)
  .transform((part, context): Percent => percent(part) ?? refuse(context, { error: 'a percentage' }));

const COOKIE = z.strictObject(
  {
    name: word(TOKEN, 'a cookie name', 'Name of the cookie.').default('penstock'),
    ttl: duration('How long a user stays where they are; 0s: as long as the browser session.'),
  },
  OBJECT,
);

const STICKY = z
  .strictObject(
    {
      cookie: COOKIE.optional().describe('By a cookie that the proxy sets where a request has none.'),
      header: word(TOKEN, 'a header name', 'By the value of this request header.').optional(),
    },
    OBJECT,
  )
  .refine((sticky) => (sticky.cookie === undefined) !== (sticky.header === undefined), {
    error: 'either cookie or header',
  })
  .meta({
    description: 'Keeps one user on one version: by a cookie or by a header. Default: off.',
    minProperties: 1,
    maxProperties: 1,
  })
  .transform(({ cookie, header }): Sticky => {
    if (cookie !== undefined) return { kind: 'cookie', ...cookie };
    return header === undefined ? { kind: 'off' } : { kind: 'header', name: header.toLowerCase() };
  });

// Envoy's `retry_on` and `retry_grpc_on`, but for those that need further settings.
const RETRY_ON = [
  '5xx',
  'cancelled',
  'connect-failure',
  'deadline-exceeded',
  'gateway-error',
  'internal',
  'refused-stream',
  'reset',
  'reset-before-request',
  'resource-exhausted',
  'retriable-4xx',
  'unavailable',
];

const RETRIES = z
  .union(
    [
      z.literal('off'),
      z.strictObject({
        attempts: whole(1, 10, 'How often a request is tried again.').default(2),
        on: z
          .array(z.enum(RETRY_ON, { error: `one of ${RETRY_ON.join(', ')}` }), { error: 'a list' })
          .min(1, { error: 'at least one word' })
          .describe("When it is tried again, in Envoy's words."),
        perTryTimeout: timeout('How long each try may take. Default: as long as the request.'),
      }),
    ],
    { error: 'off, or an object with on' },
  )
  .describe('Default: twice, and only where the request can not have reached the application.')
  .transform((retries): Retries => {
    if (retries === 'off') return { kind: 'off' };
    const { attempts, on, perTryTimeout = DEFAULT_TIMEOUT } = retries;
    return { kind: 'on', attempts, on, perTryTimeout };
  });

const OUTLIER = z
  .strictObject(
    {
      consecutiveErrors: whole(1, 1000, 'Errors (5xx) in a row that eject an endpoint.').default(5),
      interval: period('How often endpoints are judged.').prefault('10s'),
      ejectionTime: period('How long the first ejection lasts; each further one lasts longer.').prefault('30s'),
      maxEjectedPercent: PERCENT,
    },
    OBJECT,
  )
  .describe('Takes endpoints that fail out for a while. Default: off.')
  .transform(
    ({ maxEjectedPercent, ...rest }): OutlierDetection => ({ kind: 'on', ...rest, maxEjected: maxEjectedPercent }),
  );

/**
 * What may stand in the plugin block `penstock/xds` or in the annotation `penstock.dev/options`. Unknown keys are mistakes.
 * An empty object gives all the defaults.
 */
export const OPTIONS: z.ZodType<RolloutOptions> = z
  .strictObject(
    {
      hosts: list(
        word(LABEL, 'the name of a Service in the namespace of the Rollout', 'Name of a Service.'),
        "Services whose traffic is split. Default: those whose selector matches the Rollout's pods.",
      ),
      ports: list(PORT, 'Ports that are split. Default: all.'),
      sticky: STICKY.optional(),
      timeout: timeout('How long a request may take as a whole. Default: off.'),
      idleTimeout: timeout('How long a request may be without any data. Default: off.'),
      retries: RETRIES.optional(),
      outlierDetection: OUTLIER.optional(),
      mirrorMethods: list(
        word(/^[A-Z]{1,32}$/, 'a method such as GET', 'HTTP method.'),
        'Methods that mirror routes copy, for example GET and HEAD to be safe. Default: all.',
      ),
    },
    OBJECT,
  )
  .transform(
    (given): RolloutOptions => ({
      hosts: given.hosts,
      ports: given.ports,
      sticky: given.sticky ?? { kind: 'off' },
      timeout: given.timeout ?? DEFAULT_TIMEOUT,
      idleTimeout: given.idleTimeout ?? DEFAULT_TIMEOUT,
      retries: given.retries ?? { kind: 'default' },
      outlierDetection: given.outlierDetection ?? { kind: 'off' },
      mirrorMethods: given.mirrorMethods,
    }),
  );

/** JSON Schema (draft 2020-12) of a Rollout's options, with descriptions and defaults: for documentation and editors. */
export function optionsJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(OPTIONS, { io: 'input' }), title: 'Options of a Rollout' };
}
