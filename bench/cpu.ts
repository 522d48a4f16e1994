const warmUpMs = 300;
const roundMs = 40;

/**
 * CPU ns of the process per unit of work, which does `units` per call: the best of some rounds of
 * about 40 ms after a warm-up, since on a shared machine other work can only make a round dearer.
 */
export function cpuNsPerUnit(units: number, work: () => void, rounds = 12): number {
  const begin = performance.now();
  let calls = 0;
  while (performance.now() - begin < warmUpMs || calls < 2) {
    work();
    calls++;
  }
  const perCallMs = (performance.now() - begin) / calls;
  const callsPerRound = Math.max(1, Math.round(roundMs / perCallMs));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage();
    for (let call = 0; call < callsPerRound; call++) work();
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / callsPerRound);
  }
  return (best * 1000) / units;
}
