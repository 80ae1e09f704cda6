// A reporter for node:test that writes nothing but the runner's own totals, as JSON: `npm test` closes with them.
export default async function* countReporter(events) {
  const counts = {};
  for await (const { type, data } of events) {
    // The totals come as the last top-level diagnostics of a run: "tests 12", "pass 11", …
    const total = type === 'test:diagnostic' && data.nesting === 0 && /^([a-z]+) (\d+)$/.exec(data.message);
    if (total) counts[total[1]] = Number(total[2]);
  }
  yield JSON.stringify(counts);
}
