import { describe, expect, it } from 'vitest';
import { readKubernetesEvents } from '../../formats/kubernetes-events/read.ts';
import { pressure, shapesOf } from '../../formats/kubernetes-events/shapes.test-kit.ts';
import type { UnknownReason } from '../../processors/events/state.ts';
import { Script } from './script.test-kit.ts';

const short = { reason: 'NodeHasInsufficientMemory' };
const fine = { reason: 'NodeHasSufficientMemory' };

describe('evidence', () => {
  it('ends only what is open: a kubelet repeats its good news at every start', () => {
    const told = new Script()
      .healthy(0, 300, ['n1', 'n2'])
      .event(100, { reason: 'Starting', message: 'Starting kubelet.' })
      .event(100, fine)
      .event(100, { reason: 'NodeHasNoDiskPressure' })
      .run();
    expect(told.lines).toEqual(['kubelet_restarted Node/n1 100..100']);
  });

  it('starts with the earliest and ends with the earliest confirmed', () => {
    const told = new Script()
      .healthy(0, 300, ['n1', 'n2'])
      .condition(0, 'n1', 'MemoryPressure', 0)
      .event(101, short)
      .condition(105, 'n1', 'MemoryPressure', 1)
      .event(192, fine)
      .condition(195, 'n1', 'MemoryPressure', 0)
      .run();
    expect(told.lines).toEqual(['node_memory_pressure Node/n1 101..192']);
    expect(told.intervals[0]).toMatchObject({
      confidence: 0.95,
      missing: [],
      endBy: 'memory-fine',
    });
  });

  it('does not believe an end that the metrics deny', () => {
    const told = new Script()
      .healthy(0, 300, ['n1', 'n2'])
      .condition(0, 'n1', 'MemoryPressure', 0)
      .condition(105, 'n1', 'MemoryPressure', 1)
      .event(120, { reason: 'Starting', message: 'Starting kubelet.' })
      .event(121, fine)
      .event(125, short)
      .condition(240, 'n1', 'MemoryPressure', 0)
      .run();
    expect(told.lines).toContain('node_memory_pressure Node/n1 105..240');
  });

  it('takes the last sight of what an event has just ended for no new beginning', () => {
    const told = new Script()
      .healthy(0, 300, ['n1', 'n2'])
      .condition(0, 'n1', 'MemoryPressure', 0)
      .event(101, short)
      .event(119, fine)
      .condition(120, 'n1', 'MemoryPressure', 1)
      .condition(135, 'n1', 'MemoryPressure', 0)
      .run();
    expect(told.lines).toEqual(['node_memory_pressure Node/n1 101..119']);
  });

  it('says which evidence is missing', () => {
    const [interval] = new Script().event(10, short).event(90, fine).run().intervals;
    expect(interval).toMatchObject({ missing: ['metric'], confidence: 0.8 });
  });

  it('revises an interval by an event that is hours late: same id, next revision', () => {
    const told = new Script()
      .healthy(0, 9000, ['n1', 'n2'])
      .condition(0, 'n1', 'MemoryPressure', 0)
      .condition(105, 'n1', 'MemoryPressure', 1)
      .condition(195, 'n1', 'MemoryPressure', 0)
      .event(92, short, 8000)
      .run();
    expect(told.lines).toEqual(['node_memory_pressure Node/n1 92..195']);
    const outputs = told.driver.outputs;
    expect(new Set(outputs.map((output) => output.subject)).size).toBe(1);
    expect(outputs.map((output) => output.revision)).toEqual(outputs.map((_, i) => i));
  });
});

describe('shapes', () => {
  it('gives one fact the same id and start in every shape', () => {
    const told = shapesOf(pressure).map(({ name, text }) => {
      const [event] = readKubernetesEvents(Buffer.from(text)).events;
      const script = new Script();
      script.inputs.push({ time: event!.end, event: { ...event!, cluster: null } });
      const [interval] = script.run().intervals;
      return { name, id: interval?.id, fact: interval?.fact, start: interval?.start };
    });
    const { id, start } = told[0]!;
    const fact = 'node_memory_pressure';
    expect(told).toEqual(told.map(({ name }) => ({ name, id, fact, start })));
  });
});

describe('one fact once', () => {
  const story = (): Script =>
    new Script()
      .event(10, { ...short, name: 'n1.a', message: 'm' })
      .event(40, {
        reason: 'EvictionThresholdMet',
        message: 'Attempting to reclaim memory',
        name: 'n1.b',
      })
      .event(90, { ...fine, name: 'n1.c' });

  it('takes re-lists, second routers and new names of the same event for what they are', () => {
    const once = story().run();
    const repeated = story();
    for (const input of [...repeated.inputs]) {
      if ('event' in input) {
        repeated.inputs.push({ ...input, time: input.time + 2_000 });
        repeated.inputs.push({ ...input, time: input.time + 9_000_000 });
      }
    }
    const told = repeated.run();
    expect(told.lines).toEqual(once.lines);
    expect(told.intervals[0]!.count).toBe(once.intervals[0]!.count);
  });

  it('never lets the count of occurrences fall', () => {
    const told = new Script()
      .event(10, {
        reason: 'Unhealthy',
        kind: 'Pod',
        namespace: 'a',
        object: 'p',
        name: 'p.1',
        count: 12,
      })
      .event(70, {
        reason: 'Unhealthy',
        kind: 'Pod',
        namespace: 'a',
        object: 'p',
        name: 'p.1',
        count: 3,
      })
      .event(130, {
        reason: 'Unhealthy',
        kind: 'Pod',
        namespace: 'a',
        object: 'p',
        name: 'p.2',
        count: 4,
      })
      .run();
    const counts = told.revisions.map((interval) => interval.count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(told.intervals[0]).toMatchObject({ fact: 'probe_failure_storm' });
  });
});

describe('nodes', () => {
  it('that never said to be ready were so, when the controller finds them not ready', () => {
    const node = { component: 'node-controller', object: 'sim-1', host: '' };
    const told = new Script()
      .event(0, { kind: 'Pod', namespace: 'a', object: 'p', reason: 'Pulled' })
      .event(100, { ...node, reason: 'RegisteredNode', message: 'Registered Node sim-1' })
      .event(170, { ...node, reason: 'NodeNotReady' })
      .run();
    expect(told.lines).toEqual(['node_joined Node/sim-1 100..168', 'node_lost Node/sim-1 170..']);
  });
});

describe('silence', () => {
  const nodes = ['n1', 'n2', 'n3'];

  it('a node that ends while others go on has left', () => {
    const told = new Script()
      .healthy(0, 300, nodes)
      .healthy(315, 900, ['n1', 'n2'])
      .condition(315, 'n3', 'Ready', null)
      .run();
    expect(told.lines).toEqual(['node_removed Node/n3 315..315']);
  });

  it('a node that is not there after a silence has left, a silent cluster has not', () => {
    const told = new Script()
      .healthy(0, 300, nodes)
      .healthy(1200, 1800, ['n1', 'n2'])
      .condition(1200, 'n3', 'Ready', null)
      .run();
    expect(told.lines.map((line) => line.split(' ').slice(0, 2).join(' ')).toSorted()).toEqual([
      'cluster_silent Cluster',
      'node_removed Node/n3',
    ]);
  });

  it('a cluster that says nothing is silent: no node left, nothing else ended', () => {
    const told = new Script()
      .healthy(0, 300, nodes)
      .condition(0, 'n1', 'DiskPressure', 0)
      .condition(150, 'n1', 'DiskPressure', 1)
      .healthy(1200, 1300, nodes)
      .condition(1200, 'n1', 'DiskPressure', 1)
      .run();
    expect(told.lines).toEqual([
      'node_disk_pressure Node/n1 150..',
      'cluster_silent Cluster 300..1200',
    ]);
  });

  it('a collector that lost its metrics is told apart by the events that still come', () => {
    const told = new Script().healthy(0, 300, nodes).healthy(1200, 1300, nodes);
    for (let at = 310; at < 1200; at += 60) {
      told.event(at, { kind: 'Pod', namespace: 'a', object: `p${at}`, reason: 'Pulled' });
    }
    expect(told.run().lines).toEqual(['metrics_gap Collector/metrics 300..1200']);
  });

  it('an exporter that restarts loses all nodes for a moment: none has left', () => {
    const told = new Script().healthy(0, 300, nodes).healthy(345, 600, nodes);
    for (const node of nodes) told.condition(315, node, 'Ready', null);
    expect(told.run().lines).toEqual([]);
  });
});

describe('the catalogue', () => {
  it('keeps, counts and lists reasons that it does not know', () => {
    const told = new Script()
      .event(10, { reason: 'Frobnicated', kind: 'Widget', object: 'w', component: 'frob' })
      .event(20, { reason: 'Frobnicated', kind: 'Widget', object: 'w', component: 'frob' })
      .event(30, { reason: 'Pulled', kind: 'Pod', namespace: 'a', object: 'p' })
      .run();
    expect(told.lines).toEqual([]);
    expect(told.driver.counters.get('unclassified_reason')).toBe(2);
    expect(told.driver.rows<UnknownReason>('unknown-reasons')).toMatchObject([
      { kind: 'Widget', reason: 'Frobnicated', component: 'frob', count: 2 },
    ]);
  });

  it('tells crash loops and image pulls of the same reason apart, one per replica set', () => {
    const pod = { kind: 'Pod', namespace: 'a', reason: 'BackOff', component: 'kubelet' };
    const crash = 'Back-off restarting failed container x in pod y';
    const told = new Script()
      .event(10, { ...pod, object: 'web-5d964459dd-lzldc', message: crash, type: 'Warning' })
      .event(20, { ...pod, object: 'web-5d964459dd-bbbbb', message: crash, type: 'Warning' })
      .event(30, { ...pod, object: 'db-0', message: 'Back-off pulling image "i"' })
      .run();
    expect(told.lines).toEqual([
      'crash_loop Pod/a/web-5d964459dd-lzldc 10..',
      'image_pull_failure Pod/a/db-0 30..',
    ]);
  });

  it('bounds what it keeps, and counts what it drops', () => {
    const script = new Script();
    for (let i = 0; i < 300; i++) {
      script.event(i, { reason: 'SystemOOM', object: `n${i}`, host: `n${i}` });
    }
    const told = script.run({ scopes_per_cluster: 100 });
    expect(told.driver.counters.get('scopes_over_limit')).toBe(200);
    expect(told.lines.filter((line) => line.startsWith('node_system_oom'))).toHaveLength(100);
  });

  it('refuses events in the future and those that are too late to count', () => {
    const script = new Script().event(0, short).event(40_000, { reason: 'NodeReady' });
    script.event(100_000, short, -99_000).event(10, short, 39_000);
    const { counters } = script.run().driver;
    expect(counters.get('kubernetes_event_in_future')).toBe(1);
    expect(counters.get('kubernetes_event_too_late')).toBe(1);
  });
});

describe('upgrades', () => {
  const version = (
    at: number,
    type: string,
    v: string,
    value: number | null,
  ): [number, string, Record<string, string>, number | null] => [
    at,
    'cluster_version',
    { type, version: v },
    value,
  ];
  const epoch = (script: Script, at: number): number => script.start / 1000 + at;

  function upgrading(): Script {
    const script = new Script().healthy(0, 7200, ['n1', 'n2', 'n3']);
    script.metric(...version(0, 'current', '4.20.3', epoch(script, -9000)));
    script.metric(...version(600, 'desired', '4.20.6', epoch(script, 590)));
    script.metric(...version(645, 'updating', '4.20.6', epoch(script, 640)));
    script.metric(...version(1800, 'completed', '4.20.6', epoch(script, 1795)));
    script.metric(...version(1800, 'updating', '4.20.6', null));
    return script;
  }

  it('is one interval from the request to the last pool, not to the control plane', () => {
    const script = upgrading();
    const pool = { kind: 'MachineConfigPool', object: 'worker', component: 'mcc', host: '' };
    script.event(1810, { ...pool, reason: 'Updating', message: 'Pool worker now targeting X' });
    script.event(6000, { ...pool, reason: 'Completed', message: 'Pool worker has completed' });
    const told = script.run();
    expect(told.lines).toEqual([
      'cluster_upgrade ClusterVersion/version 590..6000',
      'upgrade_control_plane ClusterVersion/version 640..1795',
      'upgrade_node_pool MachineConfigPool/worker 1810..6000',
    ]);
    const [whole, plane, workers] = told.intervals;
    expect(plane!.parent).toBe(whole!.id);
    expect(workers!.parent).toBe(whole!.id);
    expect(whole!.phases.map((phase) => phase.name)).toEqual([
      'requested',
      'control plane',
      'pool worker',
    ]);
    expect(whole).toMatchObject({ percent: 100, slots: { from: '4.20.3', to: '4.20.6' } });
  });

  it('reports what is expected inside it only when it lasts too long', () => {
    const script = upgrading();
    const daemon = { component: 'machineconfigdaemon', host: '' };
    script
      .event(2000, { ...daemon, reason: 'Cordon' })
      .event(2300, { ...daemon, reason: 'Uncordon' });
    const slow = { ...daemon, object: 'n2' };
    script.event(2400, { ...slow, reason: 'Cordon' });
    const told = script.run();
    const nodes = told.intervals.filter((interval) => interval.fact === 'upgrade_node');
    expect(nodes.map((node) => [node.object, node.overdue])).toEqual([
      ['Node/n1', false],
      ['Node/n2', true],
    ]);
    const whole = told.intervals.find((interval) => interval.fact === 'cluster_upgrade')!;
    expect(nodes.every((node) => node.parent === whole.id)).toBe(true);
    expect(whole.end).toBeNull();
    expect(whole.nodes.map((node) => [node.node, node.stuck])).toEqual([
      ['n1', false],
      ['n2', true],
    ]);
  });

  it('is none when a version operator restarts with the same version', () => {
    const cvo = { kind: 'ClusterVersion', object: 'version', component: 'cvo', host: '' };
    const message = 'Payload loaded version="4.20.3" image="i"';
    const told = new Script()
      .event(10, { ...cvo, reason: 'LeaderElection', message: 'x became leader' })
      .event(11, { ...cvo, reason: 'RetrievePayload', message })
      .event(12, { ...cvo, reason: 'PayloadLoaded', message })
      .run();
    expect(told.lines).toEqual([]);
  });
});
