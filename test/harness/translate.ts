import { relative } from 'node:path';
import { type Translation, translated } from '../../src/cli/index.js';

/** What `penstock translate` prints for proxies of a namespace, with places relative to `folder`: the same on every machine. */
export async function translate(path: string, folder: string, namespace = 'shop'): Promise<Translation> {
  const translation = await translated(path, namespace);
  const problems = translation.problems.map((problem) => {
    const { place } = problem;
    return place === undefined ? problem : { ...problem, place: { ...place, file: relative(folder, place.file) } };
  });
  return { ...translation, problems };
}
