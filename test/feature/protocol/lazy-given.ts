import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { type ControlPlane, startPlane, type PlaneOptions } from '../../harness/control-plane.js';
import { type ClientOptions, type Response, XdsClient } from '../../harness/xds-client.js';
import { type Kind, list, type Message, method, unpack } from '../../harness/xds-protos.js';
import { test } from 'node:test';
import { SERVICES } from './given.js';

/** What a test of proxies that ask for their hosts has at hand. */
export interface LazyGiven {
  readonly plane: ControlPlane;
  /** An Envoy that can ask for hosts, of the workload `front`; closed when the test ends. */
  readonly envoy: (options?: Partial<ClientOptions>) => Caller;
  readonly closing: <T extends { close(): void }>(what: T) => T;
}

/** A test with a control plane of its own that serves proxies what they ask for. */
export function lazy(sentence: string, body: (given: LazyGiven) => Promise<void>, options: PlaneOptions = {}): void {
  test(sentence, async () => {
    const plane = await startPlane({ objects: SERVICES, scope: 'lazy', ...options });
    const open: { close(): void }[] = [];
    const closing = <T extends { close(): void }>(what: T): T => {
      open.push(what);
      return what;
    };
    const envoy = (more: Partial<ClientOptions> = {}): Caller => closing(new Caller({ port: plane.port, ...more }));
    try {
      await body({ plane, envoy, closing });
    } finally {
      for (const one of open) one.close();
      await plane.stop();
    }
  });
}

/** What an Envoy kept, with the names that it had asked for. */
export interface Kept {
  readonly versions: ReadonlyMap<Kind, ReadonlyMap<string, string>>;
  readonly asked: readonly string[];
}

/** An Envoy that asks for hosts, over the wire: it acknowledges everything, each in its turn, and keeps what it is told. */
export class Caller extends XdsClient {
  /** Version of what it holds, by kind and name. */
  readonly versions: Map<Kind, Map<string, string>> = new Map();
  /** Every response in the order of arrival: `virtualHost +a -b ?c`. */
  readonly lines: string[] = [];
  readonly asked: string[] = [];
  readonly #answered: Set<string> = new Set();
  readonly #waiting: Set<() => void> = new Set();
  readonly #cold: Response[] = [];

  constructor(options: Partial<ClientOptions> & Pick<ClientOptions, 'port'>) {
    super({
      variant: 'delta',
      aggregated: true,
      cluster: 'front',
      version: '1.40.0',
      nodeId: 'sidecar~shop~front-0',
      ...options,
    });
    this.onResponse = (response) => this.#take(response);
  }

  /** Starts as Envoy does, and waits until it could serve. */
  async begin(): Promise<this> {
    this.subscribe('cluster');
    this.subscribe('listener');
    this.subscribe('route', 'outbound');
    this.subscribe('virtualHost');
    await this.until(() => this.holds('virtualHost', 'outbound/_'));
    return this;
  }

  /** Calls a host, and waits until its request could go on. */
  async call(host: string): Promise<void> {
    const name = `outbound/${host}`;
    this.asked.push(name);
    this.#answered.delete(name);
    this.subscribe('virtualHost', name);
    await this.until(() => this.#answered.has(name));
  }

  /** Says at once what it kept. */
  comeBack({ versions, asked }: Kept): void {
    const of = (kind: Kind): Readonly<Record<string, string>> => Object.fromEntries(versions.get(kind) ?? []);
    this.say('cluster', { kept: of('cluster') });
    this.say('listener', { kept: of('listener') });
    this.say('route', { subscribe: ['outbound'], kept: of('route') });
    this.say('virtualHost', { subscribe: ['*', ...asked], kept: of('virtualHost') });
    this.say('endpoint', { subscribe: Object.keys(of('endpoint')), kept: of('endpoint') });
  }

  holds(kind: Kind, name: string): boolean {
    return this.versions.get(kind)?.has(name) === true;
  }

  /** Waits until something is so that a response can bring about. */
  until(isSo: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`it did not come to that: ${this.lines.join('; ')}`)), 5000);
      const look = (): void => {
        if (!isSo()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #answerWarm(): void {
    const isCold = ({ names }: Response): boolean => names.some((name) => !this.holds('endpoint', name));
    for (const response of this.#cold.splice(0)) {
      if (isCold(response)) this.#cold.push(response);
      else this.ack(response);
    }
  }

  #take(response: Response): void {
    this.take(response);
    this.#hold(response);
    if (response.kind === 'cluster') this.#subscribeEndpoints(response);
    else this.ack(response);
    if (response.kind === 'endpoint') this.#answerWarm();
    for (const look of [...this.#waiting]) look();
  }

  #hold({ kind, resources, removed, unknown }: Response): void {
    const held = this.versions.get(kind) ?? new Map<string, string>();
    this.versions.set(kind, held);
    const isTurned = kind === 'route' && resources.some(({ name, version }) => (held.get(name) ?? version) !== version);
    if (isTurned) this.unsubscribe('virtualHost', ...this.asked.splice(0));
    for (const { name, version } of [...resources, ...unknown]) held.set(name, version);
    for (const name of removed) held.delete(name);
    for (const { aliases } of [...resources, ...unknown]) for (const alias of aliases) this.#answered.add(alias);
    const items = [...names(resources, '+'), ...removed.map((name) => `-${name}`), ...names(unknown, '?')];
    this.lines.push([kind, ...items].join(' '));
  }

  /** Envoy answers clusters when their endpoints have come. */
  #subscribeEndpoints(response: Response): void {
    this.#cold.push(response);
    const cold = response.names.filter((name) => !this.holds('endpoint', name));
    if (cold.length > 0) this.subscribe('endpoint', ...cold);
    if (response.removed.length > 0) this.unsubscribe('endpoint', ...response.removed);
    this.#answerWarm();
  }
}

/** The connection manager of a listener. */
function managerOf(listener: Message | undefined): Message {
  const [filter] = list(list(listener, 'filter_chains')[0], 'filters');
  return unpack((filter?.['typed_config'] ?? {}) as Message);
}

/** Names of the HTTP filters of a listener. */
export function httpFilters(listener: Message | undefined): readonly unknown[] {
  return list(managerOf(listener), 'http_filters').map(({ name }) => name);
}

/** How a listener finds routes. */
export function routesBy(listener: Message | undefined): unknown {
  const manager = managerOf(listener);
  return ['rds', 'scoped_routes'].find((name) => manager[name] !== undefined);
}

function names(items: readonly { readonly name: string }[], sign: string): readonly string[] {
  return items.map(({ name }) => `${sign}${name}`);
}

/** A stream of load reports. */
export class Reporter {
  readonly #client: Client;
  readonly #call: ClientDuplexStream<object, object>;
  readonly #node: Message;

  constructor(port: number, node: Message) {
    this.#node = node;
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    const { path, requestSerialize, responseDeserialize } = method(
      'envoy.service.load_stats.v3.LoadReportingService',
      'StreamLoadStats',
    );
    this.#call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    this.#call.on('error', () => undefined);
  }

  /** Waits until it is asked. */
  asked(): Promise<Message> {
    this.report();
    return new Promise((resolve) => this.#call.once('data', resolve));
  }

  /** Tells that these clusters were used. */
  report(...used: readonly string[]): void {
    const stats = used.map((name) => ({
      cluster_name: name,
      upstream_locality_stats: [{ total_issued_requests: 1 }],
    }));
    this.#call.write({ node: this.#node, cluster_stats: stats });
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}
