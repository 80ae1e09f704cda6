/**
 * Whether two plain values say the same: tells whether an object says anything new. Lists, maps and sets say it in the order
 * they stand; what is `undefined` counts as left out.
 */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (!isThing(a) || !isThing(b) || Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a)) return Array.isArray(b) && sameList(a, b);
  if (a instanceof Map || a instanceof Set) return sameList([...a], b instanceof Map || b instanceof Set ? [...b] : []);
  return sameFields(a, b);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameContent(item, b[index]));
}

function sameFields(a: Thing, b: Thing): boolean {
  return (
    Object.keys(a).every((key) => sameContent(a[key], b[key])) &&
    Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
  );
}

type Thing = Readonly<Record<string, unknown>>;

function isThing(value: unknown): value is Thing {
  return typeof value === 'object' && value !== null;
}
