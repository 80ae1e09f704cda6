import { isIP } from 'node:net';

/**
 * Whether a request's `Host` may be answered.
 *
 * A page on the web can point a name of its own at our address and then read us through the visitor's browser (DNS
 * rebinding). It can not do so with an address, nor with `localhost`, nor with the name that we were told to listen on:
 * those are answered, with any port.
 */
export function isHostAllowed(header: string | undefined, configuredHost: string): boolean {
  const host = hostOf(header ?? '');
  return host !== undefined && (host === 'localhost' || host === configuredHost.toLowerCase() || isIP(host) !== 0);
}

/** The host of `host`, `host:port` or `[v6]:port` in lower case; `undefined` where it is none of these. */
function hostOf(header: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\s]+))(?::\d{1,5})?$/i.exec(header);
  return (match?.[1] ?? match?.[2])?.toLowerCase().replace(/\.$/, '');
}
