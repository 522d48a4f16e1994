import type { Input } from '../../src/cli/events/input.ts';
import { randomOf } from '../../src/models/series.test-kit.ts';
import { Acts } from './acts.ts';
import { Recorder } from './recorder.ts';
import { install, upgrade } from './upgrades.ts';
import { type SimFact, World } from './world.ts';

export interface ScenarioOptions {
  readonly seed: number;
  readonly hours: number;
  /** How busy the emitters' spam filters are: see Recorder. */
  readonly load: number;
  readonly acmOnly: boolean;
  readonly scrapeMs: number;
}

export interface Scenario {
  readonly inputs: readonly Input[];
  readonly facts: readonly SimFact[];
  /** Share of the Kubernetes events that the spam filter took. */
  readonly lost: number;
}

const start = Date.UTC(2026, 10, 2, 8);
const minute = 60_000;
const groups = ['pool-spot', 'pool-gpu'];

/** Hours of a cluster's life: something every few minutes, and one full upgrade. */
export function simulate(options: ScenarioOptions): Scenario {
  const random = randomOf(options.seed);
  // What is lost must not change what happens.
  const recorder = new Recorder(randomOf(options.seed + 1), options.load);
  const world = new World(start, recorder, options);
  const acts = new Acts(world, random);
  for (let i = 0; i < 8; i++) acts.addNode(`worker-${i}`);
  for (const node of world.nodes.values())
    Object.assign(node, { created: start - 90 * 86_400_000 });
  install(acts, '4.18.9');
  const busy = { upgrade: false, scaling: false };
  let grown: string[] = [];
  const step = (): void => {
    world.after(acts.between(3 * minute, 8 * minute), step);
    if (busy.upgrade) return;
    const free = [...world.nodes.values()].filter((n) => !n.busy && n.name.startsWith('worker'));
    const node = free[Math.floor(random() * free.length)]!;
    const dice = random();
    if (dice < 0.12) acts.pressure(node, 'Memory');
    else if (dice < 0.2) acts.pressure(node, 'Disk');
    else if (dice < 0.26) acts.pressure(node, 'PID');
    else if (dice < 0.38) acts.reboot(node);
    else if (dice < 0.5) acts.lose(node);
    else if (dice < 0.6) acts.cordon(node, false);
    else if (dice < 0.7) acts.cordon(node, true);
    else if (dice < 0.8) acts.leader(random() < 0.5 ? 'kube-controller-manager' : 'kube-scheduler');
    else if (!busy.scaling) {
      busy.scaling = true;
      const group = groups[Math.floor(random() * groups.length)]!;
      const over = (): void => {
        busy.scaling = false;
      };
      if (grown.length > 0) {
        acts.scaleDown(grown[0]!.split('.')[1]!, grown, over);
        grown = [];
      } else {
        grown = [1, 2, 3].map((i) => `n${Math.floor(random() * 1e6)}-${i}.${group}`);
        acts.scaleUp(group, 0, grown, over);
      }
    }
  };
  world.after(5 * minute, step);
  world.after((options.hours * 60 * minute) / 2, () => (busy.upgrade = true));
  world.after((options.hours * 60 * minute) / 2 + 25 * minute, () =>
    upgrade(acts, '4.18.9', '4.18.12', () => (busy.upgrade = false)),
  );
  world.run(start + options.hours * 60 * minute);
  const inputs = world.inputs.toSorted((a, b) => a.time - b.time);
  return { inputs, facts: world.facts, lost: recorder.lost / recorder.said };
}

/** A second router beside the first, events late by up to `delayMs`, in any order. */
export function disturb(scenario: Scenario, seed: number, delayMs: number): Scenario {
  const random = randomOf(seed);
  const late = (input: Input): Input => ({ ...input, time: input.time + random() * delayMs });
  const inputs = scenario.inputs.flatMap((input) =>
    'event' in input ? [late(input), late(input)] : [input],
  );
  return { ...scenario, inputs: inputs.map(whole).sort((a, b) => a.time - b.time) };
}

const whole = (input: Input): Input => ({ ...input, time: Math.floor(input.time) });
