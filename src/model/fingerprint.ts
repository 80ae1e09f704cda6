/** Text that is equal for equal content, maps and sets included: tells whether something says anything new. */
export function fingerprint(value: unknown): string {
  return JSON.stringify([value], (_key, part: unknown) =>
    part instanceof Map || part instanceof Set ? [...part] : part,
  );
}
