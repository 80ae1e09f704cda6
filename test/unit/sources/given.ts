import type { WorldEvent } from '../../../src/model/index.js';
import { Folder, type FolderChange } from '../../../src/sources/folder.js';
import type { Sight } from '../../../src/sources/held-file.js';

/** A Service `shop/NAME` with one port, as text. */
export function service(name: string, port = 80): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: ${name}
  namespace: shop
spec:
  ports:
    - name: http
      port: ${port}
`;
}

/** Several documents as one text. */
export function documents(...texts: readonly string[]): string {
  return texts.join('---\n');
}

/** What an event says, on one line: `+a:80`, `!a` for a refused version, `-a`. */
export function brief(event: WorldEvent): string {
  if (event.kind === 'deleted') return `-${event.ref.name}`;
  if (event.kind === 'rejected') return `!${event.ref.name}`;
  const { object } = event;
  return object.kind === 'Service' ? `+${object.name}:${object.ports[0]?.port}` : `+${object.kind} ${object.name}`;
}

/** What a change says: its events, its problems as `FILE:LINE CODE`, and the doubtful files as `FILE DOUBT?`. */
export function told({ events, problems, doubtful }: FolderChange): readonly string[] {
  return [
    ...events.map(brief),
    ...[...problems].flatMap(([file, list]) =>
      list.length === 0 ? [`${file} fine`] : list.map(({ code, place }) => `${file}:${place?.line} ${code}`),
    ),
    ...[...doubtful].map(([file, doubt]) => `${file} ${doubt}?`),
  ];
}

/** One look: file by file its text, written in place unless the name ends in `!` (another file took the name); `gone` where it is deleted. */
export type Looks = Readonly<Record<string, string>>;

/** A folder that is looked at step by step. */
export class LookedAt {
  readonly folder: Folder = new Folder();
  #identity = 0;
  readonly #identities = new Map<string, string>();

  /** Looks at files that are perhaps just being written. */
  look(looks: Looks): readonly string[] {
    return told(this.folder.see(this.#sights(looks), () => false));
  }

  /** Looks at files that have been quiet. */
  settle(looks: Looks): readonly string[] {
    return told(this.folder.see(this.#sights(looks), () => true));
  }

  #sights(looks: Looks): ReadonlyMap<string, Sight> {
    const sights = Object.entries(looks).map(([name, text]): [string, Sight] => {
      const file = name.replace(/!$/, '');
      if (name.endsWith('!') || !this.#identities.has(file)) {
        this.#identity += 1;
        this.#identities.set(file, `inode ${this.#identity}`);
      }
      const identity = this.#identities.get(file) ?? '';
      return [file, text === 'gone' ? { kind: 'gone' } : { kind: 'text', text, identity }];
    });
    return new Map(sights);
  }
}
