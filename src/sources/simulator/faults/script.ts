import { SeastateError } from '../../../core/errors.ts';
import type { Cluster } from '../model/entities.ts';
import type { FleetSettings, ScriptedFault } from '../options.ts';
import type { Random } from '../random.ts';
import { type Fault, minutes, perform, Stage } from './fault.ts';
import { faults } from './faults.ts';

/** What is going on when the demo goes live, by cluster, and how long before. */
interface Opening {
  readonly fault: string;
  readonly cluster: number;
  readonly beforeMs: number;
  readonly settings?: Readonly<Record<string, number>>;
}

const openings: readonly Opening[] = [
  { fault: 'memory_leak', cluster: 1, beforeMs: minutes(100) },
  { fault: 'openshift_upgrade', cluster: 0, beforeMs: minutes(95) },
  { fault: 'noisy_neighbour', cluster: 2, beforeMs: minutes(85) },
  { fault: 'cluster_scale_up', cluster: 1, beforeMs: minutes(80) },
  { fault: 'silent_cluster', cluster: 2, beforeMs: minutes(60) },
  { fault: 'leader_changed', cluster: 1, beforeMs: minutes(45), settings: { count: 6 } },
  { fault: 'replica_lost', cluster: 0, beforeMs: minutes(40) },
  { fault: 'memory_pressure', cluster: 2, beforeMs: minutes(35) },
  {
    fault: 'disk_filling',
    cluster: 0,
    beforeMs: minutes(30),
    settings: { node: 0, fillMs: minutes(29), fullMs: minutes(10) },
  },
  { fault: 'crash_loop', cluster: 1, beforeMs: minutes(20), settings: { durationMs: minutes(40) } },
  // Fires 15 minutes after the node controller gave it up.
  {
    fault: 'node_lost',
    cluster: 2,
    beforeMs: minutes(15.6),
    settings: { durationMs: minutes(24), gone: 0 },
  },
  // Fires after two minutes, so 10 to 40 seconds into the demo.
  {
    fault: 'latency_step',
    cluster: 0,
    beforeMs: 110_000,
    settings: { factor: 5, durationMs: minutes(14) },
  },
];

/** What comes after that for ever, and how often beside each other. */
const repertoire: readonly (readonly [fault: string, weight: number])[] = [
  ['crash_loop', 4],
  ['memory_leak', 3],
  ['disk_filling', 4],
  ['latency_step', 5],
  ['node_lost', 2],
  ['memory_pressure', 3],
  ['noisy_neighbour', 3],
  ['cluster_scale_up', 2],
  ['deployment_scaled', 3],
  ['leader_changed', 2],
  ['operator_degraded', 2],
  ['openshift_upgrade', 1],
  ['vanilla_upgrade', 1],
  ['silent_cluster', 1],
  ['prometheus_restart', 1],
  ['replica_lost', 1],
  ['link_down', 1],
];

/** Puts the script of a fleet on the agenda of one cluster. Error: `usage` for an unknown fault. */
export function startScript(cluster: Cluster, settings: FleetSettings, random: Random): void {
  const claimed = new Set<object>();
  const { script, startMs, liveMs } = settings;
  if (script === 'none') return;
  const play = (fault: Fault, of: ScriptedFault['settings']): void => {
    if (fault.fits && !fault.fits(cluster)) return;
    perform(fault, new Stage({ cluster, random, settings: of ?? {}, claimed }));
  };
  const at = (timeMs: number, name: string, of: ScriptedFault['settings']): void => {
    const fault = faultNamed(name);
    if (timeMs > startMs) cluster.agenda.call(timeMs, () => play(fault, of));
  };
  if (script !== 'demo') {
    for (const { fault, afterMs, cluster: index, settings: of } of script) {
      if (index === cluster.index) at(startMs + Math.max(1, afterMs), fault, of);
    }
    return;
  }
  for (const { fault, cluster: index, beforeMs, settings: of } of openings) {
    if (index % settings.clusters === cluster.index) at(liveMs - beforeMs, fault, of);
  }
  const goOn = (nowMs: number): void => {
    play(chooseFault(random), undefined);
    cluster.agenda.call(nowMs + random.between(minutes(7), minutes(22)), goOn);
  };
  cluster.agenda.call(liveMs + random.between(minutes(1), minutes(8)), goOn);
}

function chooseFault(random: Random): Fault {
  const sum = repertoire.reduce((weights, [, weight]) => weights + weight, 0);
  let left = random.between(0, sum);
  for (const [name, weight] of repertoire) {
    left -= weight;
    if (left < 0) return faultNamed(name);
  }
  return faultNamed(repertoire[0]![0]);
}

function faultNamed(name: string): Fault {
  const fault = faults.get(name);
  if (fault) return fault;
  throw new SeastateError(
    'usage',
    `there is no fault "${name}": use one of ${[...faults.keys()].join(', ')}`,
  );
}
