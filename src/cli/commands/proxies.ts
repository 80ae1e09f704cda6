import { z } from 'zod';
import { ControlPlaneError } from '../../base/index.js';
import { printable } from '../../observe/index.js';
import { EXIT, type ExitCode } from '../exit.js';
import { readChoice } from '../flags.js';
import { print, structured, table } from '../output.js';

/** Flags of `proxies`, as texts. */
export interface ProxiesFlags {
  readonly server?: string;
  readonly output: string;
}

const DEFAULT_SERVER = 'http://127.0.0.1:18080';
const PATIENCE_MS = 10_000;

const answer = z.object({
  proxies: z.array(
    z.object({
      id: z.string(),
      namespace: z.string(),
      workload: z.string(),
      peer: z.string(),
      connectedAt: z.string(),
      client: z.string(),
      scope: z.string(),
      hosts: z.array(z.string()).optional(),
      sequence: z.number(),
      acknowledged: z.number(),
      types: z.array(
        z.object({
          kind: z.string(),
          variant: z.string(),
          resources: z.number(),
          rejections: z.array(z.object({ message: z.string() })),
        }),
      ),
    }),
  ),
});

type Proxy = z.infer<typeof answer>['proxies'][number];

/** Lists the proxies of a running server. */
export async function proxies(flags: ProxiesFlags): Promise<ExitCode> {
  const format = readChoice('--output', flags.output, ['table', 'wide', 'json', 'yaml']);
  const server = flags.server ?? process.env['PENSTOCK_SERVER'] ?? DEFAULT_SERVER;
  const body = await ask(server, '/v1/proxies');
  if (format === 'json' || format === 'yaml') {
    print(structured(body, format));
    return EXIT.fine;
  }
  const parsed = answer.safeParse(body);
  if (!parsed.success) throw unreachable(server, NO_PENSTOCK);
  const list = parsed.data.proxies;
  if (list.length === 0) print(`no proxy is connected to ${server}`);
  else print(format === 'wide' ? wideTable(list) : shortTable(list));
  return EXIT.fine;
}

async function ask(server: string, path: string): Promise<unknown> {
  if (!URL.canParse(path, server))
    throw unreachable(server, 'that is no URL, expected for example http://127.0.0.1:18080');
  const text = await textFrom(server, new URL(path, server));
  try {
    const body: unknown = JSON.parse(text);
    return body;
  } catch (cause) {
    throw unreachable(server, NO_PENSTOCK, cause);
  }
}

async function textFrom(server: string, url: URL): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!response.ok) throw unreachable(server, `it answers ${response.status} to ${url.pathname}`);
    return await response.text();
  } catch (cause) {
    if (cause instanceof ControlPlaneError) throw cause;
    throw unreachable(
      server,
      'nothing answers there; is penstock serve running, and is --server its admin address?',
      cause,
    );
  }
}

const NO_PENSTOCK = 'what answers there is no penstock of this release';

function unreachable(server: string, why: string, cause?: unknown): ControlPlaneError {
  return new ControlPlaneError('SERVER_UNREACHABLE', `${server}: ${why}`, { cause });
}

function shortTable(list: readonly Proxy[]): string {
  return table(
    ['PROXY', 'NAMESPACE', 'CLIENT', 'SCOPE', 'STATE'],
    list.map((proxy) => [...[proxy.id, proxy.namespace, proxy.client, scopeOf(proxy)].map(printable), stateOf(proxy)]),
  );
}

function wideTable(list: readonly Proxy[]): string {
  return table(
    ['PROXY', 'NAMESPACE', 'WORKLOAD', 'CLIENT', 'PEER', 'CONNECTED', 'SCOPE', 'RESOURCES', 'STATE'],
    list.map((proxy) => [
      ...[proxy.id, proxy.namespace, proxy.workload, proxy.client, proxy.peer, proxy.connectedAt].map(printable),
      printable(scopeOf(proxy)),
      proxy.types.map(({ kind, resources }) => `${kind} ${resources}`).join(', '),
      stateOf(proxy),
    ]),
  );
}

function scopeOf({ scope, hosts }: Proxy): string {
  if (hosts === undefined) return scope;
  return `${scope}, ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}`;
}

function stateOf({ types, acknowledged, sequence }: Proxy): string {
  const rejection = types.flatMap(({ rejections }) => rejections)[0];
  if (rejection !== undefined) return `rejected: ${printable(rejection.message)}`;
  return acknowledged >= sequence ? 'up to date' : `behind (${acknowledged} of ${sequence})`;
}
