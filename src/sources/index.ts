/** Where objects come from: a folder of files now. Raw text in, model objects out; what was good is never lost to what is broken. */
export { directorySource } from './directory-source.js';
export type { DirectoryOptions } from './directory-source.js';
export { readDirectory } from './read-directory.js';
export type { DirectoryContent } from './read-directory.js';
export type { Source, SourceLog, SourceSink } from './source.js';
