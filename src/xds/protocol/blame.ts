/**
 * The resources that the text of a refusal names. Envoy and gRPC take what is good of a response and name what is not
 * (Envoy 1.40, CDS: `Error adding/updating cluster(s) NAME: …`); where nothing is named, anything may be at fault.
 */
export function named(message: string, names: readonly string[]): readonly string[] {
  return names.filter((name) => isIn(message, name));
}

const IN_NAME = /[\w./@-]/;
// Names have colons inside, messages put one behind a name: only what follows it tells them apart.
const GOES_ON = /^(?:[\w/@-]|[.:][\w/@])/;

/** Whether the name stands in the text by itself, and not as a piece of a longer name. */
function isIn(text: string, name: string): boolean {
  if (name === '') return false;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    const before = text.charAt(at - 1);
    if (!IN_NAME.test(before) && !GOES_ON.test(text.slice(at + name.length, at + name.length + 2))) return true;
  }
  return false;
}
