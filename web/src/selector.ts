/** A selector for the command line, as one word of a shell: `'{alertname="X",cluster="east"}'`. */
export function selectorOf(labels: Readonly<Record<string, string>>): string {
  const matchers = Object.entries(labels).map(
    ([name, value]) => `${name}=${JSON.stringify(value)}`,
  );
  // A quote in a label, which anybody may send, would end the word, and what follows would be run.
  return `'{${matchers.join(',').replaceAll("'", `'\\''`)}}'`;
}
