import { Client, type ClientDuplexStream, credentials } from '@grpc/grpc-js';
import { LIMIT_MS } from './poll.js';
import { ADS, type Kind, KINDS, type Message, method, typeUrl, unpack } from './xds-protos.js';

/** The four ways to speak xDS. */
export interface Way {
  readonly variant: 'delta' | 'sotw';
  /** All types on one stream, or a stream and a service for each. */
  readonly aggregated: boolean;
}

/** Who connects, where, and in which way. */
export interface ClientOptions extends Way {
  readonly port: number;
  readonly nodeId?: string;
  readonly namespace?: string;
  /** Its workload; `web` unless given. */
  readonly cluster?: string;
  /** Of Envoy, which it says to be then. */
  readonly version?: string;
}

/** A resource as a client reads it. */
export interface Received {
  readonly name: string;
  /** Its own in the incremental protocol, that of the whole response in the state of the world. */
  readonly version: string;
  readonly typeUrl: string;
  readonly body: Message;
  /** Other names that it answers. */
  readonly aliases: readonly string[];
}

/** What a response says not to exist, without a removal (VHDS). */
export interface Unknown {
  readonly name: string;
  readonly version: string;
  readonly aliases: readonly string[];
}

/** A response, read. */
export interface Response {
  readonly kind: Kind;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Of the whole response: `version_info`, or `system_version_info`. */
  readonly version: string;
  readonly resources: readonly Received[];
  /** Names, in their order, of what it brings. */
  readonly names: readonly string[];
  readonly removed: readonly string[];
  readonly unknown: readonly Unknown[];
}

/** What a request says beside who sends it; names of the state of the world are worked out from what is subscribed. */
export interface Said {
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  /** What a client kept over a reconnect: versions by name, or the last version of the type. */
  readonly kept?: Readonly<Record<string, string>> | string;
}

/** How a stream ended. */
export interface Ended {
  readonly code: number;
  readonly details: string;
}

interface Channel {
  readonly call: ClientDuplexStream<object, object>;
  readonly ended: Promise<Ended>;
  sentNode: boolean;
}

interface Inbox {
  readonly waiting: Response[];
  readonly names: Set<string>;
  taker: ((response: Response) => void) | undefined;
  started: boolean;
  nonce: string;
  accepted: string;
}

/** A client that says exactly what a test makes it say, in any of the four ways. It answers nothing by itself. */
export class XdsClient {
  readonly options: ClientOptions;
  /** Called with each response, in the order of arrival on its stream, before anybody takes it. */
  onResponse: ((response: Response) => void) | undefined;
  readonly #client: Client;
  readonly #channels = new Map<string, Channel>();
  readonly #inboxes = new Map<Kind, Inbox>();

  constructor(options: ClientOptions) {
    this.options = options;
    // Every client is a process of its own, with its own connection.
    this.#client = new Client(`127.0.0.1:${options.port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
  }

  get nodeId(): string {
    return this.options.nodeId ?? `sidecar~${this.options.namespace ?? 'shop'}~web-0`;
  }

  /** Subscribes to names; with none in the first request of a type, to everything in the older way. */
  subscribe(kind: Kind, ...names: readonly string[]): void {
    this.say(kind, { subscribe: names });
  }

  unsubscribe(kind: Kind, ...names: readonly string[]): void {
    this.say(kind, { unsubscribe: names });
  }

  /** Sends a request that answers nothing of the incremental protocol, and repeats the last answer in the other. */
  say(kind: Kind, said: Said): void {
    const { nonce, accepted } = this.#inbox(kind);
    this.#request(
      kind,
      said,
      this.options.variant === 'delta' ? {} : { response_nonce: nonce, version_info: accepted },
    );
  }

  /** Accepts a response. */
  ack({ kind, nonce, version }: Response, said: Said = {}): void {
    this.#inbox(kind).accepted = version;
    this.#request(kind, said, {
      response_nonce: nonce,
      ...(this.options.variant === 'sotw' ? { version_info: version } : {}),
    });
  }

  /** Refuses a response. */
  nack({ kind, nonce }: Response, message: string, said: Said = {}): void {
    const { accepted } = this.#inbox(kind);
    this.#request(kind, said, {
      response_nonce: nonce,
      error_detail: { code: 13, message },
      ...(this.options.variant === 'sotw' ? { version_info: accepted } : {}),
    });
  }

  /** Sends a request as it stands, without who sends it unless it says so. */
  raw(kind: Kind, request: Message): void {
    this.#channel(kind).call.write({ type_url: typeUrl(kind), ...request });
  }

  /** The node as this client says it. */
  node(): Message {
    const { namespace } = this.options;
    const metadata = namespace === undefined ? {} : { metadata: { fields: { NAMESPACE: { stringValue: namespace } } } };
    const { cluster = 'web', version } = this.options;
    return { id: this.nodeId, cluster, ...agent(version), ...metadata };
  }

  /** The next response of a type. */
  next(kind: Kind): Promise<Response> {
    const inbox = this.#inbox(kind);
    const response = inbox.waiting.shift();
    if (response !== undefined) return Promise.resolve(response);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        inbox.taker = undefined;
        reject(new Error(`no ${kind} response came within ${LIMIT_MS} ms (${this.nodeId})`));
      }, LIMIT_MS);
      inbox.taker = (taken) => {
        clearTimeout(timer);
        inbox.taker = undefined;
        resolve(taken);
      };
    });
  }

  /** Takes a response that `onResponse` has dealt with. */
  take(response: Response): void {
    const { waiting } = this.#inbox(response.kind);
    const at = waiting.indexOf(response);
    if (at >= 0) waiting.splice(at, 1);
  }

  /** The next response of a type, accepted at once. */
  async accept(kind: Kind, said: Said = {}): Promise<Response> {
    const response = await this.next(kind);
    this.ack(response, said);
    return response;
  }

  /** Responses of a type that have come and were not taken. */
  waiting(kind: Kind): readonly Response[] {
    return this.#inbox(kind).waiting;
  }

  /** How the stream of a type ends. */
  ended(kind: Kind): Promise<Ended> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      const fail = (): void => reject(new Error(`the ${kind} stream did not end within ${LIMIT_MS} ms`));
      timer = setTimeout(fail, LIMIT_MS);
    });
    return Promise.race([this.#channel(kind).ended, late]).finally(() => clearTimeout(timer));
  }

  /** Says that nothing more will be asked on the stream of a type. */
  finish(kind: Kind): void {
    this.#channel(kind).call.end();
  }

  /** Ends the stream of a type from our side, or all of them. */
  hangUp(kind?: Kind): void {
    for (const [key, { call }] of this.#channels) {
      if (kind === undefined || key === this.#key(kind)) call.cancel();
    }
  }

  /** Ends everything. */
  close(): void {
    this.hangUp();
    this.#client.close();
  }

  #key(kind: Kind): string {
    return this.options.aggregated ? 'all' : kind;
  }

  #inbox(kind: Kind): Inbox {
    const inbox = this.#inboxes.get(kind);
    if (inbox !== undefined) return inbox;
    const made = { waiting: [], names: new Set<string>(), taker: undefined, started: false, nonce: '', accepted: '' };
    this.#inboxes.set(kind, made);
    return made;
  }

  #channel(kind: Kind): Channel {
    const key = this.#key(kind);
    const existing = this.#channels.get(key);
    if (existing !== undefined) return existing;
    const { path, requestSerialize, responseDeserialize } = this.#method(kind);
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const ended = new Promise<Ended>((resolve) => {
      call.on('status', ({ code, details }) => resolve({ code, details }));
    });
    // The status tells the same; without a listener an error would end the process.
    call.on('error', () => undefined);
    call.on('data', (message: Message) => this.#receive(message));
    const channel = { call, ended, sentNode: false };
    this.#channels.set(key, channel);
    return channel;
  }

  #method(kind: Kind): ReturnType<typeof method> {
    const prefix = this.options.variant === 'delta' ? 'Delta' : 'Stream';
    if (this.options.aggregated) return method(ADS, `${prefix}AggregatedResources`);
    return method(KINDS[kind].service, `${prefix}${KINDS[kind].what}`);
  }

  #request(kind: Kind, { subscribe = [], unsubscribe = [], kept }: Said, answer: Message): void {
    const inbox = this.#inbox(kind);
    for (const name of subscribe) inbox.names.add(name);
    for (const name of unsubscribe) inbox.names.delete(name);
    const first = !inbox.started;
    inbox.started = true;
    const channel = this.#channel(kind);
    const node = channel.sentNode ? {} : { node: this.node() };
    channel.sentNode = true;
    if (this.options.variant === 'sotw') {
      const version = typeof kept === 'string' && first ? { version_info: kept } : {};
      this.raw(kind, { ...node, ...answer, ...version, resource_names: [...inbox.names] });
      return;
    }
    this.raw(kind, {
      ...node,
      ...answer,
      resource_names_subscribe: subscribe,
      resource_names_unsubscribe: unsubscribe,
      ...(typeof kept === 'object' ? { initial_resource_versions: kept } : {}),
    });
  }

  #receive(message: Message): void {
    const response = read(message, this.options.variant);
    const inbox = this.#inbox(response.kind);
    inbox.nonce = response.nonce;
    inbox.waiting.push(response);
    this.onResponse?.(response);
    if (inbox.taker === undefined) return;
    const first = inbox.waiting.shift();
    if (first !== undefined) inbox.taker(first);
  }
}

function read(message: Message, variant: Way['variant']): Response {
  const url = String(message['type_url']);
  const kind = (Object.keys(KINDS) as readonly Kind[]).find((each) => typeUrl(each) === url);
  if (kind === undefined) throw new Error(`a response of the unknown type ${url}`);
  const version = textIn(message, variant === 'delta' ? 'system_version_info' : 'version_info');
  const items = message['resources'] as readonly Message[];
  const isKnown = (item: Message): boolean => variant === 'sotw' || item['resource'] !== undefined;
  const resources = items.filter(isKnown).map((item): Received => {
    const packed: Message = variant === 'delta' ? (item['resource'] as Message) : item;
    const body = unpack(packed);
    const own = String(body[kind === 'endpoint' ? 'cluster_name' : 'name']);
    const name = variant === 'delta' ? String(item['name']) : own;
    if (name !== own) throw new Error(`a resource is called ${name} outside and ${own} inside`);
    return {
      name,
      version: variant === 'delta' ? String(item['version']) : version,
      typeUrl: String(packed['type_url']),
      body,
      aliases: aliasesOf(item),
    };
  });
  return {
    kind,
    typeUrl: url,
    nonce: textIn(message, 'nonce'),
    version,
    resources,
    names: resources.map(({ name }) => name),
    removed: (message['removed_resources'] as readonly string[] | undefined) ?? [],
    unknown: items
      .filter((item) => !isKnown(item))
      .map((item) => ({ name: textIn(item, 'name'), version: textIn(item, 'version'), aliases: aliasesOf(item) })),
  };
}

/** What a client says that it runs. */
function agent(version: string | undefined): Message {
  if (version === undefined) return { user_agent_name: 'test' };
  const [major_number, minor_number, patch] = version.split('.').map(Number);
  return {
    user_agent_name: 'envoy',
    user_agent_build_version: { version: { major_number, minor_number, patch } },
  };
}

function aliasesOf(item: Message): readonly string[] {
  return (item['aliases'] as readonly string[] | undefined) ?? [];
}

function textIn(message: Message, name: string): string {
  const text = message[name];
  return typeof text === 'string' ? text : '';
}
