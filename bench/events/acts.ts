import type { SimFact, SimNode, World } from './world.ts';

/** What can happen to a cluster, with the events and states of real components. */
const minute = 60_000;
export const nodeReady = { version: 'v1.31.4', image: 'CoreOS 418.94' };
const letters = 'bcdfghjklmnpqrstvwxz2456789';

export class Acts {
  readonly world: World;
  readonly random: () => number;
  #pods = 0;

  constructor(world: World, random: () => number) {
    this.world = world;
    this.random = random;
  }

  between(low: number, high: number): number {
    return low + this.random() * (high - low);
  }

  #podName(): string {
    let name = '';
    for (let i = 0, n = this.#pods++ + 40_000; i < 5; i++, n = Math.floor(n / 27)) {
      name += letters[n % 27];
    }
    return `web-5d964459dd-${name}`;
  }

  addNode(name: string, ready = true): SimNode {
    const node: SimNode = {
      name,
      created: this.world.now,
      ready: ready ? 'true' : 'false',
      answers: true,
      cordoned: false,
      pressure: { Memory: false, Disk: false, PID: false },
      version: nodeReady.version,
      image: nodeReady.image,
      boot: this.world.now - minute,
      pods: Array.from({ length: 6 }, () => this.#podName()),
      busy: false,
    };
    this.world.nodes.set(name, node);
    return node;
  }

  #starts(node: SimNode): void {
    const { world } = this;
    world.kubelet(node.name, 'Starting', 'Starting kubelet.');
    for (const fine of ['NodeHasSufficientMemory', 'NodeHasNoDiskPressure']) {
      world.kubelet(node.name, fine);
    }
    world.kubelet(node.name, 'NodeHasSufficientPID');
  }

  join(name: string, done?: () => void): void {
    const { world } = this;
    const fact = world.begin('node_joined', `Node/${name}`, true);
    const node = this.addNode(name, false);
    node.busy = true;
    this.#starts(node);
    world.after(2_000, () =>
      world.controller(
        name,
        'RegisteredNode',
        `Node ${name} event: Registered Node ${name} in Controller`,
      ),
    );
    world.after(this.between(35_000, 70_000), () => {
      node.ready = 'true';
      node.busy = false;
      fact.end = world.now;
      world.kubelet(name, 'NodeReady');
      done?.();
    });
  }

  leave(name: string): void {
    const { world } = this;
    const fact = world.begin('node_removed', `Node/${name}`, true);
    fact.end = world.now;
    world.nodes.delete(name);
    world.after(500, () =>
      world.controller(
        name,
        'RemovingNode',
        `Node ${name} event: Removing Node ${name} from Controller`,
      ),
    );
  }

  pressure(node: SimNode, kind: 'Memory' | 'Disk' | 'PID'): void {
    const { world } = this;
    const texts = {
      Memory: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory', 'memory'],
      Disk: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure', 'ephemeral-storage'],
      PID: ['NodeHasInsufficientPID', 'NodeHasSufficientPID', 'pids'],
    }[kind] as [string, string, string];
    const fact = world.begin(`node_${kind.toLowerCase()}_pressure`, `Node/${node.name}`, true);
    node.busy = true;
    node.pressure[kind] = true;
    world.kubelet(node.name, 'EvictionThresholdMet', `Attempting to reclaim ${texts[2]}`);
    world.kubelet(node.name, texts[0]);
    world.after(this.between(2 * minute, 8 * minute), () => {
      node.pressure[kind] = false;
      node.busy = false;
      fact.end = world.now;
      world.kubelet(node.name, texts[1]);
    });
  }

  /** A reboot, orderly or not. */
  reboot(node: SimNode, done?: () => void): void {
    const { world } = this;
    const fact = world.begin('node_rebooted', `Node/${node.name}`, false);
    node.busy = true;
    node.answers = false;
    if (this.random() < 0.6) {
      node.ready = 'false';
      world.kubelet(node.name, 'Shutdown', 'Shutdown manager detected shutdown event');
      world.kubelet(node.name, 'NodeNotReady');
    }
    const down = this.between(100_000, 200_000);
    world.after(45_000, () => this.#declareLost(node));
    world.after(down, () => {
      node.answers = true;
      node.boot = world.now - 15_000;
      node.ready = 'false';
      const id = Math.floor(this.random() * 1e9).toString(16);
      this.#starts(node);
      world.kubelet(node.name, 'Rebooted', `Node ${node.name} has been rebooted, boot id: ${id}`);
      world.kubelet(node.name, 'NodeNotReady');
    });
    world.after(down + this.between(8_000, 20_000), () => {
      this.#isReady(node, fact);
      done?.();
    });
  }

  #declareLost(node: SimNode): void {
    if (node.ready === 'unknown' || node.answers) return;
    if (node.ready === 'true') {
      this.world.controller(
        node.name,
        'NodeNotReady',
        `Node ${node.name} status is now: NodeNotReady`,
      );
    }
    node.ready = 'unknown';
  }

  #isReady(node: SimNode, fact: SimFact, silent = false): void {
    node.ready = 'true';
    node.answers = true;
    node.busy = false;
    fact.end = this.world.now;
    if (!silent) this.world.kubelet(node.name, 'NodeReady');
  }

  /** The network of a node is gone for a while; some come back without a word. */
  lose(node: SimNode): void {
    const { world } = this;
    const fact = world.begin('node_lost', `Node/${node.name}`, true);
    node.busy = true;
    node.answers = false;
    world.after(45_000, () => this.#declareLost(node));
    world.after(this.between(3 * minute, 6 * minute), () => {
      this.#isReady(node, fact, this.random() < 0.5);
    });
  }

  cordon(node: SimNode, drained: boolean): void {
    const { world } = this;
    const fact = world.begin(drained ? 'node_drained' : 'node_cordoned', `Node/${node.name}`, true);
    node.busy = true;
    this.#cordons(node);
    if (drained) this.#drains(node);
    world.after(this.between(4 * minute, 10 * minute), () => {
      fact.end = world.now;
      this.#uncordons(node);
    });
  }

  #cordons(node: SimNode): void {
    node.cordoned = true;
    this.world.after(300, () => this.world.kubelet(node.name, 'NodeNotSchedulable'));
  }

  #uncordons(node: SimNode): void {
    node.cordoned = false;
    node.busy = false;
    if (node.pods.length === 0) node.pods = Array.from({ length: 6 }, () => this.#podName());
    this.world.after(300, () => this.world.kubelet(node.name, 'NodeSchedulable'));
  }

  #drains(node: SimNode): void {
    const { world } = this;
    for (const [i, pod] of node.pods.entries()) {
      world.after(2_000 + i * 1_500, () => {
        node.pods = node.pods.filter((other) => other !== pod);
        const message = 'Stopping container web';
        const said = { kind: 'Pod', namespace: 'shop', name: pod, reason: 'Killing', message };
        world.say({ ...said, component: 'kubelet', host: node.name });
      });
    }
  }

  /** The controller manager restarts: all nodes are registered anew. */
  leader(name: 'kube-controller-manager' | 'kube-scheduler'): void {
    const { world } = this;
    const fact = world.begin('leader_changed', `Lease/kube-system/${name}`, false);
    const labels = { name, instance: 'master-0' };
    world.gauge('leader_election_master_status', labels, 0);
    world.after(this.between(10_000, 40_000), () => {
      fact.end = world.now;
      world.gauge('leader_election_master_status', labels, 1);
      const holder = `master-0_${Math.floor(this.random() * 1e9)}`;
      const said = { kind: 'Lease', namespace: 'kube-system', name, component: name };
      world.say({ ...said, reason: 'LeaderElection', message: `${holder} became leader` });
      if (name === 'kube-scheduler') return;
      for (const node of world.nodes.keys()) {
        world.controller(
          node,
          'RegisteredNode',
          `Node ${node} event: Registered Node ${node} in Controller`,
        );
      }
    });
  }

  scaleUp(group: string, from: number, names: readonly string[], done: () => void): void {
    const { world } = this;
    const fact = world.begin('cluster_scale_up', `NodeGroup/${group}`, false);
    const to = from + names.length;
    world.say({
      kind: 'ConfigMap',
      namespace: 'kube-system',
      name: 'cluster-autoscaler-status',
      reason: 'ScaledUpGroup',
      message: `Scale-up: setting group ${group} size to ${to} instead of ${from} (max: 20)`,
      component: 'cluster-autoscaler',
    });
    let left = names.length;
    for (const [i, name] of names.entries()) {
      world.after(this.between(60_000, 90_000) + i * 20_000, () =>
        this.join(name, () => {
          left--;
          if (left > 0) return;
          fact.end = world.now;
          done();
        }),
      );
    }
  }

  scaleDown(group: string, names: readonly string[], done: () => void): void {
    const { world } = this;
    const fact = world.begin('cluster_scale_down', `NodeGroup/${group}`, false);
    for (const [i, name] of names.entries()) {
      world.after(i * 30_000, () => {
        const message = 'marked the node as toBeDeleted/unschedulable';
        const component = 'cluster-autoscaler';
        world.say({ kind: 'Node', name, reason: 'ScaleDown', message, component });
        world.say({
          kind: 'ConfigMap',
          namespace: 'kube-system',
          name: 'cluster-autoscaler-status',
          reason: 'ScaleDownEmpty',
          message: `Scale-down: removing empty node "${name}"`,
          component,
        });
      });
      world.after(i * 30_000 + 25_000, () => {
        this.leave(name);
        if (i < names.length - 1) return;
        fact.end = world.now;
        done();
      });
    }
  }

  /** A node of a pool takes its new configuration, with drain and reboot. */
  updateNode(node: SimNode, image: string, done: () => void): void {
    const { world } = this;
    const fact = world.begin('upgrade_node', `Node/${node.name}`, true);
    const daemon = (reason: string, message: string): void => {
      const component = 'machineconfigdaemon';
      world.say({ kind: 'Node', name: node.name, reason, message, component });
    };
    world.say({
      kind: 'MachineConfigPool',
      name: 'worker',
      namespace: 'openshift-machine-config-operator',
      reason: 'SetDesiredConfig',
      message: `Targeted node ${node.name} to MachineConfig: rendered-worker-${image}`,
      component: 'machineconfigcontroller-nodecontroller',
    });
    world.after(3_000, () => {
      daemon('Cordon', 'Cordoned node to apply update');
      this.#cordons(node);
      this.#drains(node);
    });
    world.after(60_000, () => {
      daemon('OSUpdateStarted', 'Upgrading OS');
      node.image = image;
      daemon('Reboot', `Node will reboot into config rendered-worker-${image}`);
      this.reboot(node, () => {
        world.after(5_000, () => {
          daemon('NodeDone', `Setting node ${node.name}, currentConfig rendered-worker to Done`);
          daemon('Uncordon', 'Update completed for config rendered-worker');
          fact.end = world.now;
          this.#uncordons(node);
          done();
        });
      });
    });
  }
}
