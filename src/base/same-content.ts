/**
 * Whether two plain values say the same: tells whether an object says anything new. Lists, maps and sets say it in the
 * order they stand; what is `undefined` counts as left out.
 */
export function sameContent(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true;
  if (Array.isArray(a)) return Array.isArray(b) && sameList(a, b);
  if (a instanceof Map) return b instanceof Map && a.size === b.size && sameList([...a], [...b]);
  if (a instanceof Set) return b instanceof Set && a.size === b.size && sameList([...a], [...b]);
  return isRecord(a) && isRecord(b) && sameFields(a, b);
}

function sameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameContent(item, b[index]));
}

function sameFields(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  return (
    Object.keys(a).every((key) => sameContent(a[key], b[key])) &&
    Object.keys(b).every((key) => b[key] === undefined || a[key] !== undefined)
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  const isThing = typeof value === 'object' && value !== null;
  return isThing && !(Array.isArray(value) || value instanceof Map || value instanceof Set);
}
