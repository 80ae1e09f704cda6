import { cpus, loadavg, release, totalmem } from 'node:os';

/** On what something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  /** `undefined` where there is none. */
  readonly go: string | undefined;
  readonly envoy: string | undefined;
  /** Load average of the last minute before the first measurement: above 0.5 something else was running. */
  readonly loadAtStart: number;
}

/** Looks at this machine. */
export function thisMachine(versions: {
  readonly go: string | undefined;
  readonly envoy: string | undefined;
}): Machine {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    ...versions,
    loadAtStart: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
