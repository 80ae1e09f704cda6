/** From intent to Envoy's messages, encoded: the only room that decides what our resources look like. */
export { bootstrap } from './bootstrap.js';
export type { BootstrapOptions, SocketAddress } from './bootstrap.js';
export { endpointResource } from './endpoint.js';
export { hostResources } from './host-resources.js';
export type { Former, HostResources } from './host-resources.js';
export { outboundListener } from './listener.js';
export type { ListenerRouting } from './listener.js';
export { clustersOf } from './names.js';
export type { HostCluster } from './names.js';
export { onDemandTable, placeholder, routeTable } from './route-table.js';
