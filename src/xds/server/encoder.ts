import { encodeDeltaResponse, encodeSotwResponse, TYPE, versionOf } from '../../codec/index.js';
import type { Send } from '../protocol/session.js';

/** Who we are, shown in Envoy's statistics. */
const CONTROL_PLANE = 'penstock';

/** Makes the bytes of responses; what goes to many proxies alike is made once. */
export class Encoder {
  readonly #last = new Map<string, { readonly send: Send; readonly bytes: Buffer }>();

  encode(send: Send): Buffer {
    const key = `${send.variant} ${send.kind}`;
    const last = this.#last.get(key);
    if (last !== undefined && isSame(last.send, send)) return last.bytes;
    const bytes = bytesOf(send);
    this.#last.set(key, { send, bytes });
    return bytes;
  }
}

function isSame(a: Send, b: Send): boolean {
  return a.nonce === b.nonce && sameList(a.resources, b.resources) && sameList(a.removed, b.removed);
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

function bytesOf(send: Send): Buffer {
  const { variant, kind, nonce, resources, removed } = send;
  const common = { typeUrl: TYPE[kind], nonce, resources, controlPlane: CONTROL_PLANE };
  const bytes =
    variant === 'delta'
      ? encodeDeltaResponse({ ...common, removed, systemVersion: contentVersion(send) })
      : encodeSotwResponse({ ...common, version: contentVersion(send) });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Version of a list: like that of a resource it says what is in it, on every replica and after every restart. */
function contentVersion({ resources }: Send): string {
  const [first] = resources;
  if (first !== undefined && resources.length === 1) return first.version;
  return versionOf(Buffer.from(resources.map(({ name, version }) => `${name} ${version}`).join('\n')));
}
