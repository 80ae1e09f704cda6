/** What is dirty, when it is rebuilt, and what is published: the program in one small file, `pipeline.ts`. */
export { Inbox } from './inbox.js';
export type { Intake } from './inbox.js';
export type { Cause, PipelineOptions, ProblemChange, Publication } from './options.js';
export { Pipeline } from './pipeline.js';
export type { HostRoutes } from './trial.js';
