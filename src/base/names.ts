import { keyParts, type ObjectKey, type PortNumber } from './units.js';

/** Name of the one outbound listener, of the one route configuration where a proxy has one for all hosts, and of their statistics. */
export const OUTBOUND = 'outbound';

/** Full name of a Service, as cluster DNS has it. Another cluster domain than `cluster.local` is not supported. */
export function fullName(service: ObjectKey): string {
  const { namespace, name } = keyParts(service);
  return `${name}.${namespace}.svc.cluster.local`;
}

/** Name of the virtual host of a Service's port; `undefined`: of its default port. The Service's own route configuration has the latter, too. */
export function virtualHostName(service: ObjectKey, port: PortNumber | undefined): string {
  return `${OUTBOUND}/${fullName(service)}${port === undefined ? '' : `:${port}`}`;
}
