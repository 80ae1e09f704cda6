import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Problem, printRef } from '../../src/base/index.js';
import type { WorldEvent } from '../../src/model/index.js';
import { directorySource, type DirectoryOptions, type Source } from '../../src/sources/index.js';
import { within } from '../harness/poll.js';
import { brief } from '../unit/sources/given.js';

/** A folder on the real file system, a source that reads it, and all that it told. */
export class Scene {
  readonly path: string;
  /** Everything that was told of objects, one line an event, and what was logged. */
  readonly told: string[] = [];
  readonly logged: string[] = [];
  /** Number of batches. */
  batches = 0;
  /** How long the latest batch was on its way, from the first sign of it, in milliseconds. */
  age = 0;
  readonly source: Source;
  readonly #objects = new Map<string, string>();
  readonly #problems = new Map<string, readonly Problem[]>();
  #onChange: () => void = () => undefined;

  constructor(path: string, options: DirectoryOptions) {
    this.path = path;
    this.source = directorySource(path, options, { warn: (_, sentence) => this.logged.push(sentence) });
  }

  /** Starts the source. */
  async start(): Promise<void> {
    await this.source.start({
      apply: (events, seenAt) => {
        this.batches += 1;
        this.age = performance.now() - seenAt;
        for (const event of events) this.#take(event);
        this.#onChange();
      },
      fileProblems: (file, problems) => {
        if (problems.length === 0) this.#problems.delete(file);
        else this.#problems.set(file, problems);
        this.#onChange();
      },
    });
  }

  /** The objects that are there, as `+a:80`. */
  objects(): readonly string[] {
    return [...this.#objects.values()].toSorted();
  }

  /** What is wrong with files, as `FILE:LINE CODE`, files as they are called in the folder. */
  problems(): readonly string[] {
    return [...this.#problems.values()]
      .flat()
      .map(({ code, place }) => `${(place?.file ?? '').slice(this.path.length + 1)}:${place?.line} ${code}`)
      .toSorted();
  }

  /** Resolves as soon as what the source told makes `holds` true; it is asked at each thing that is told, never by the clock. */
  async until(what: string, holds: () => boolean): Promise<void> {
    const reached = new Promise<void>((resolve) => {
      this.#onChange = () => {
        if (holds()) resolve();
      };
      this.#onChange();
    });
    await within(what, reached, () => [...this.told, ...this.objects(), ...this.problems(), ...this.logged].join('\n'));
  }

  /** Resolves when exactly these objects are there. */
  async untilObjects(...objects: readonly string[]): Promise<void> {
    await this.until(objects.join(' '), () => this.objects().join() === objects.join());
  }

  /** Resolves when exactly these problems are told. */
  async untilProblems(...problems: readonly string[]): Promise<void> {
    await this.until(`problems ${problems.join(' ')}`, () => this.problems().join() === problems.join());
  }

  /** Writes a file in place, as `cat > FILE` does. */
  async write(file: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.path, file)), { recursive: true });
    await writeFile(join(this.path, file), text);
  }

  /** Puts a new file in the place of the old one, as careful writers do. */
  async replace(file: string, text: string): Promise<void> {
    await this.write('.new', text);
    await rename(join(this.path, '.new'), join(this.path, file));
  }

  /**
   * Publishes a version of a mounted ConfigMap the way kubelet does it: a hidden folder with the files, a link to it under a passing
   * name, the link renamed over `..data`, links to the files, the old folder away (pkg/volume/util/atomic_writer.go).
   */
  async mount(version: number, files: Readonly<Record<string, string>>): Promise<void> {
    const folder = `..2026_01_0${version}`;
    for (const [file, text] of Object.entries(files)) await this.write(join(folder, file), text);
    await symlink(folder, join(this.path, '..data_tmp'));
    await rename(join(this.path, '..data_tmp'), join(this.path, '..data'));
    for (const file of new Set(Object.keys(files).map((path) => path.split('/')[0] ?? path))) {
      await symlink(join('..data', file), join(this.path, file)).catch(() => undefined);
    }
    await rm(join(this.path, `..2026_01_0${version - 1}`), { recursive: true, force: true });
  }

  #take(event: WorldEvent): void {
    this.told.push(brief(event));
    const key = event.kind === 'applied' ? printRef(event.object) : printRef(event.ref);
    if (event.kind === 'deleted') this.#objects.delete(key);
    if (event.kind === 'applied') this.#objects.set(key, brief(event));
  }
}

/** A scene over a new folder with these files, started; both end with the test. */
export async function scene(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
  options: DirectoryOptions = {},
): Promise<Scene> {
  const around = await mkdtemp(join(tmpdir(), 'penstock-source-'));
  const path = join(around, 'objects');
  await mkdir(path);
  const made = new Scene(path, options);
  t.after(async () => {
    await made.source.stop();
    await rm(around, { recursive: true, force: true });
  });
  for (const [file, text] of Object.entries(files)) await made.write(file, text);
  await made.start();
  return made;
}
