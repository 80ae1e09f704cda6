import { type DeltaItem, encodeDeltaResponse, encodeSotwResponse, TYPE, versionOf } from '../../codec/index.js';
import { Message } from '../grpc/message.js';
import { UNKNOWN_VERSION } from '../protocol/comeback.js';
import type { Send } from '../protocol/session.js';
import { sameItems } from '../protocol/sharing.js';

/** Who we are, shown in Envoy's statistics. */
const CONTROL_PLANE = 'penstock';

/** Makes the bytes of responses; what goes to many proxies alike is made once. */
export class Encoder {
  readonly #last = new Map<string, { readonly send: Send; readonly message: Message }>();
  readonly #epoch: string;
  #unknowns = 0;

  /** `epoch` is another one with every start of the server: what is counted begins anew then, and versions made of it must not. */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** The message of a response; the same object for equal responses one after the other. */
  encode(send: Send): Message {
    const key = `${send.variant} ${send.kind}`;
    const last = this.#last.get(key);
    if (last !== undefined && isSame(last.send, send)) return last.message;
    const message = new Message(this.#bytesOf(send));
    this.#last.set(key, { send, message });
    return message;
  }

  #bytesOf(send: Send): Uint8Array {
    const { variant, kind, nonce, resources, removed } = send;
    const common = { typeUrl: TYPE[kind], nonce, controlPlane: CONTROL_PLANE };
    return variant === 'delta'
      ? encodeDeltaResponse({ ...common, resources: this.#items(send), removed, systemVersion: contentVersion(send) })
      : encodeSotwResponse({ ...common, resources, version: contentVersion(send) });
  }

  #items({ resources, unknown, aliases }: Send): readonly DeltaItem[] {
    if (unknown.length + aliases.size === 0) return resources;
    const named = (name: string): readonly string[] => [...(aliases.get(name) ?? [])].toSorted();
    // Nonces would not do: a client that comes back is told the same ones again.
    const version = `${UNKNOWN_VERSION}${this.#epoch}.${(this.#unknowns += 1)}`;
    return [
      ...resources.map((resource): DeltaItem => {
        const others = named(resource.name);
        return others.length === 0 ? resource : { kind: 'aliased', resource, aliases: others };
      }),
      ...unknown.map(
        (name): DeltaItem => ({ kind: 'unknown', name, version, aliases: [...new Set([name, ...named(name)])] }),
      ),
    ];
  }
}

function isSame(a: Send, b: Send): boolean {
  return (
    a.nonce === b.nonce &&
    sameItems(a.resources, b.resources) &&
    sameItems(a.removed, b.removed) &&
    // Answers to requests of one client: hardly ever equal.
    a.unknown.length + b.unknown.length + a.aliases.size + b.aliases.size === 0
  );
}

/** Version of a list: like that of a resource it says what is in it, on every replica and after every restart. */
function contentVersion({ resources }: Send): string {
  const [first] = resources;
  if (first !== undefined && resources.length === 1) return first.version;
  return versionOf(Buffer.from(resources.map(({ name, version }) => `${name} ${version}`).join('\n')));
}
