import { readFileSync } from 'node:fs';

/** What a process has used, as the kernel counts it. */
export interface Usage {
  /** Time on a processor, user and system together, of all its threads; in steps of 10 ms. */
  readonly cpuMs: number;
  readonly rssMb: number;
  /** The most there ever was. */
  readonly peakRssMb: number;
}

/** USER_HZ of Linux on every architecture that Node is built for. */
const TICKS_A_SECOND = 100;

/** Reads /proc/PID/stat and /proc/PID/status. Throws where the process is gone. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may contain anything; utime and stime are the 14th and 15th field (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    cpuMs: (ticks * 1000) / TICKS_A_SECOND,
    rssMb: megabytes(status, 'VmRSS'),
    peakRssMb: megabytes(status, 'VmHWM'),
  };
}

function megabytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? '0';
  return Number(kilobytes) / 1024;
}
