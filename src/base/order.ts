/**
 * Orders strings by their UTF-16 code units: the same everywhere, whatever the locale. Every list that ends in bytes is
 * ordered by it unless its order has a meaning, so that the same world always gives the same bytes.
 */
export function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
