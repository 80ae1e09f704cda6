import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Program } from './program.js';
import { templatesOf } from './templates.js';
import { type Usage, usageOf } from './usage.js';
import type { Pods } from './world.js';

/** A control plane under measurement, in a process of its own. */
export interface ControlPlane {
  readonly address: string;
  /** Gives a service's canary so many percent; answers with the time of the shared clock right before the change. */
  change(service: number, weight: number): Promise<number>;
  usage(): Usage;
  stop(): Promise<void>;
}

/** Penstock without its source, which takes further orders (server.ts). */
export interface InProcess extends ControlPlane {
  order<A>(what: string, answer: z.ZodType<A>, given: object): Promise<A>;
}

/** What a control plane is to serve. */
export interface Serving {
  readonly services: number;
  /** Listener, clusters and endpoints as well: penstock always has them, the peer only then. */
  readonly complete?: boolean;
  /** Where the pods of all services listen, for a real Envoy. */
  readonly ports?: { readonly stable: number; readonly canary: number; readonly listener: number };
}

/** How the peer keeps what it serves. */
export type PeerConfiguration = 'linear-service' | 'linear-table' | 'snapshot-service' | 'snapshot-table';

const Address = z.object({ address: z.string() });
const Changed = z.object({ at: z.number() });
/** Ten thousand services are read and derived: this long at most, in milliseconds. */
export const SET_UP_MS = 120_000;

/** go-control-plane. */
export function startPeer(path: string, configuration: PeerConfiguration, serving: Serving): Promise<ControlPlane> {
  const program = new Program(`peer (${configuration})`, path);
  const { services, complete = false, ports } = serving;
  return driven(program, {
    configuration,
    services,
    complete,
    address: '127.0.0.1:0',
    templates: templatesOf(podsOf(ports), ports?.listener ?? 15_001),
  });
}

/** Penstock from the pipeline on: a change is a call, as it is at the peer. */
export async function startInProcess({ services, ports }: Serving): Promise<InProcess> {
  const path = fileURLToPath(new URL('server.js', import.meta.url));
  const program = new Program('penstock in process', process.execPath, ['--expose-gc', path]);
  const server = await driven(program, { services, ...podsOf(ports) });
  return { ...server, order: (what, answer, given) => program.order(what, answer, given) };
}

/** Where the pods listen, as the mesh wants it. */
export function podsOf(ports: Serving['ports']): Pods {
  return ports === undefined ? {} : { stablePort: ports.stable, canaryPort: ports.canary };
}

async function driven(program: Program, setUp: object): Promise<ControlPlane> {
  try {
    const { address } = await program.order('setUp', Address, setUp, SET_UP_MS);
    return {
      address,
      change: async (service, weight) => (await program.order('change', Changed, { service, weight })).at,
      usage: () => usageOf(program.pid),
      stop: () => program.stop(),
    };
  } catch (error) {
    await program.stop();
    throw error;
  }
}
