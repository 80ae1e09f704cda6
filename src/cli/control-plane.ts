import { AdminServer } from '../admin/index.js';
import { type ObjectRef, type ProblemCode, printProblem, printRef } from '../base/index.js';
import { createMetrics, type Logger, type Metrics } from '../observe/index.js';
import { Inbox, Pipeline, type ProblemChange } from '../pipeline/index.js';
import { onDemandTable, outboundListener, placeholder, routeTable } from '../resources/index.js';
import { viewsWith } from '../snapshot/index.js';
import { directorySource } from '../sources/index.js';
import { XdsServer } from '../xds/index.js';
import { adminFacts } from './admin-facts.js';
import { ChangeLog } from './change-log.js';
import { printAddress } from './values.js';
import type { Settings } from './settings.js';

/** A control plane at work. */
export interface Running {
  readonly xdsPort: number;
  readonly adminPort: number;
  /** Takes nothing new, lets what is being sent go out, and closes everything. */
  stop(): Promise<void>;
}

/**
 * Wires the rooms: source → pipeline → xDS server, with log, metrics and admin server beside them.
 *
 * Listens before the source is read, so that an address in use is told at once; proxies wait until the source is complete.
 * Throws a `ControlPlaneError` where an address or the source can not be used; nothing is left running then.
 */
export async function startControlPlane(
  settings: Settings & { readonly source: { readonly kind: 'dir' } },
  version: string,
  log: Logger,
): Promise<Running> {
  const metrics = createMetrics(version);
  const changes = new ChangeLog(log, metrics, {
    acknowledged: (sequence) => pipeline.acknowledged(sequence),
    refused: (sequence, message) => pipeline.refused(sequence, message),
    hostsTaken: (routes) => pipeline.hostsTaken(routes),
    hostRefused: (routes, message) => pipeline.hostRefused(routes, message),
  });
  const viewOf = viewsWith({ routeTable, outboundListener, onDemandTable, placeholder });
  const xds = new XdsServer(
    {
      address: printAddress(settings.xdsAddress),
      drainDelay: settings.drainDelay,
      scope: settings.scope,
      forgetAfter: settings.forgetAfter,
    },
    viewOf,
    changes,
  );
  const source = directorySource(settings.source.path, {}, log);
  const pipeline: Pipeline = new Pipeline({
    now: () => performance.now(),
    publish: (publication) => changes.publish(publication, xds),
    problems: (change) => tellProblems(change, log, metrics),
    locate: (ref, path) => source.locate(ref, path),
    failed: (object, error) => tellFailure(object, error, log),
  });
  const inbox = new Inbox(pipeline);
  let isReady = false;
  const admin = new AdminServer(
    settings.adminAddress,
    adminFacts({ pipeline, xds, metrics, isReady: () => isReady }),
    log,
  );
  const stop = async (): Promise<void> => {
    isReady = false;
    await source.stop();
    inbox.drop();
    await xds.stop();
    await admin.stop();
    changes.stop();
  };
  try {
    const { port: adminPort } = await admin.start();
    const { port: xdsPort } = await xds.start();
    await source.start(inbox);
    inbox.flush();
    isReady = true;
    return { xdsPort, adminPort, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What every change of a spec brings for the moment until the Argo Rollouts controller has seen it: listed and counted, but no news. */
const PASSING: ReadonlySet<ProblemCode> = new Set<ProblemCode>(['STATUS_STALE']);

/** Each problem once when it comes and once when it goes. */
function tellProblems({ appeared, gone, errors, warnings }: ProblemChange, log: Logger, metrics: Metrics): void {
  for (const problem of appeared) {
    const facts = { code: problem.code, problem: printProblem(problem) };
    if (problem.severity === 'error') log.error(facts, 'problem: the last good version of this object stays in force');
    else log[PASSING.has(problem.code) ? 'debug' : 'warn'](facts, 'problem');
  }
  for (const problem of gone) {
    const facts = { code: problem.code, problem: printProblem(problem) };
    log[PASSING.has(problem.code) ? 'debug' : 'info'](facts, 'problem solved');
  }
  metrics.problems({ errors, warnings });
}

function tellFailure(object: ObjectRef, error: unknown, log: Logger): void {
  const stack = error instanceof Error ? error.stack : undefined;
  log.error({ object: printRef(object), error, stack }, 'a fault of penstock: what this object had stays in force');
}
