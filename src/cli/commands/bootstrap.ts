import { bootstrap } from '../../resources/index.js';
import { EXIT, type ExitCode, UsageError } from '../exit.js';
import { readChoice, readFlag } from '../flags.js';
import { print, structured } from '../output.js';
import { parseAddress, parseIdentity, parseNamespace } from '../values.js';

/** Flags of `bootstrap`, as texts. */
export interface BootstrapFlags {
  readonly nodeId: string;
  readonly namespace: string;
  readonly workload?: string;
  readonly xdsAddress: string;
  readonly outboundAddress: string;
  readonly adminAddress: string;
  readonly intercept: string;
  readonly scope: string;
  readonly api: string;
}

/** Prints the bootstrap of a sidecar. */
export function printBootstrap(flags: BootstrapFlags): ExitCode {
  print(bootstrapText(flags));
  return EXIT.fine;
}

/** The bootstrap of a sidecar as YAML. Throws `UsageError` for a flag that is wrong. */
export function bootstrapText(flags: BootstrapFlags): string {
  if (readChoice('--intercept', flags.intercept, ['explicit', 'redirect']) === 'redirect') {
    throw new UsageError(
      '--intercept redirect comes with a later release; explicit is there: applications send to --outbound-address',
    );
  }
  const nodeId = readFlag('--node-id', flags.nodeId, parseIdentity);
  const value = bootstrap({
    nodeId,
    namespace: readFlag('--namespace', flags.namespace, parseNamespace),
    workload: readFlag('--workload', flags.workload ?? nodeId, parseIdentity),
    xds: readFlag('--xds-address', flags.xdsAddress, parseAddress),
    outbound: readFlag('--outbound-address', flags.outboundAddress, parseAddress),
    admin: readFlag('--admin-address', flags.adminAddress, parseAddress),
    scope: readChoice('--scope', flags.scope, ['lazy', 'full']),
    api: readChoice('--api', flags.api, ['delta', 'sotw']),
    aggregated: true,
  });
  return structured(value, 'yaml');
}
