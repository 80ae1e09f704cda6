import { BlockList, isIP } from 'node:net';

/**
 * What can be no pod: unspecified (which means this machine), link-local (where clouds answer with credentials) and multicast.
 * Kubernetes refuses them in EndpointSlices too, and loopback with them; that we take, for a folder may describe one machine.
 */
const NO_PODS = new BlockList();
NO_PODS.addAddress('0.0.0.0', 'ipv4');
NO_PODS.addAddress('::', 'ipv6');
NO_PODS.addSubnet('169.254.0.0', 16, 'ipv4');
NO_PODS.addSubnet('fe80::', 10, 'ipv6');
NO_PODS.addSubnet('224.0.0.0', 4, 'ipv4');
NO_PODS.addSubnet('ff00::', 8, 'ipv6');

/** Whether an address is an IP address at which a pod may be. IPv4 in IPv6 clothes is judged as the IPv4 address that it is. */
export function isPodAddress(address: string): boolean {
  const version = isIP(address);
  return version !== 0 && !NO_PODS.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
