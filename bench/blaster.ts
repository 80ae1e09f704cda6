import { z } from 'zod';
import type { ControlPlane } from './control-planes.js';
import { Program } from './program.js';
import { usageOf } from './usage.js';

const Address = z.object({ address: z.string() });
const Changed = z.object({ at: z.number() });
/** Of a resource of one service, apart from its name and version. */
const BYTES = 500;

/**
 * A server that knows nothing of xDS: it sends the resource `name` once when a stream opens, and a change writes the same
 * prepared bytes to all streams. What it shows is the floor: the load client and this machine's sockets.
 */
export async function startBlaster(path: string, name: string): Promise<ControlPlane> {
  const program = new Program('blaster', path);
  const order = { name, bytes: BYTES, writers: 2 };
  try {
    const { address } = await program.order('start', Address, order);
    return {
      address,
      change: async () => (await program.order('change', Changed, order)).at,
      usage: () => usageOf(program.pid),
      stop: () => program.stop(),
    };
  } catch (error) {
    await program.stop();
    throw error;
  }
}
