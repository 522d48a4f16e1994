import type { ContainerSpec, Flavour, Workload } from './entities.ts';

/** What runs on the clusters: applications by namespace, and the platform of each flavour. */
export interface WorkloadPlan {
  readonly namespace: string;
  readonly name: string;
  readonly type: Workload['type'];
  readonly replicas: number;
  readonly containers: readonly ContainerSpec[];
  readonly serves?: boolean;
  readonly baseRate?: number;
  readonly cpuPerRequest?: number;
  readonly latencySeconds?: number;
  readonly claimBytes?: number;
  readonly autoscaler?: { readonly min: number; readonly max: number };
  readonly platform?: boolean;
  /** Left out of small clusters. */
  readonly full?: boolean;
}

const mebi = 2 ** 20;
const gibi = 2 ** 30;

/** A container: cores as request and limit, memory as what it uses; the limit is twice that. */
function container(name: string, cores: number, memory: number, image?: string): ContainerSpec {
  return {
    name,
    image: image ?? `registry.example.com/apps/${name}`,
    cpuRequest: cores,
    cpuLimit: cores * 4,
    memoryRequest: memory,
    memoryLimit: memory * 2,
    cpuIdle: cores * 0.06,
    memoryBase: memory * 0.8,
  };
}

const proxy = container('istio-proxy', 0.05, 64 * mebi, 'docker.io/istio/proxyv2');

export const applications: readonly WorkloadPlan[] = [
  {
    namespace: 'shop',
    name: 'web',
    type: 'Deployment',
    replicas: 3,
    containers: [container('web', 0.25, 256 * mebi)],
    serves: true,
    baseRate: 90,
    cpuPerRequest: 0.004,
    latencySeconds: 0.045,
    autoscaler: { min: 2, max: 8 },
  },
  {
    namespace: 'payments',
    name: 'checkout',
    type: 'Deployment',
    replicas: 2,
    containers: [container('checkout', 0.2, 192 * mebi)],
    serves: true,
    baseRate: 25,
    cpuPerRequest: 0.006,
    latencySeconds: 0.12,
  },
  {
    namespace: 'shop',
    name: 'db',
    type: 'StatefulSet',
    replicas: 1,
    containers: [container('postgres', 0.5, gibi, 'docker.io/library/postgres')],
    claimBytes: 20 * gibi,
    baseRate: 180,
    cpuPerRequest: 0.001,
  },
  {
    namespace: 'shop',
    name: 'api',
    type: 'Deployment',
    replicas: 3,
    containers: [container('api', 0.25, 256 * mebi), proxy],
    serves: true,
    baseRate: 140,
    cpuPerRequest: 0.003,
    latencySeconds: 0.03,
  },
  {
    namespace: 'search',
    name: 'query',
    type: 'Deployment',
    replicas: 2,
    containers: [container('query', 0.4, 512 * mebi)],
    serves: true,
    baseRate: 60,
    cpuPerRequest: 0.008,
    latencySeconds: 0.08,
    autoscaler: { min: 2, max: 6 },
  },
  {
    namespace: 'search',
    name: 'index',
    type: 'StatefulSet',
    replicas: 2,
    containers: [container('index', 0.5, 2 * gibi)],
    claimBytes: 50 * gibi,
    baseRate: 60,
    cpuPerRequest: 0.004,
  },
  {
    namespace: 'payments',
    name: 'ledger',
    type: 'StatefulSet',
    replicas: 1,
    containers: [container('ledger', 0.3, 512 * mebi)],
    serves: true,
    baseRate: 20,
    cpuPerRequest: 0.004,
    latencySeconds: 0.06,
    claimBytes: 10 * gibi,
  },
  {
    namespace: 'payments',
    name: 'mailer',
    type: 'Deployment',
    replicas: 1,
    containers: [container('mailer', 0.1, 128 * mebi)],
  },
  {
    namespace: 'media',
    name: 'thumbnailer',
    type: 'Deployment',
    replicas: 2,
    containers: [container('thumbnailer', 0.5, 384 * mebi), proxy],
    serves: true,
    baseRate: 15,
    cpuPerRequest: 0.03,
    latencySeconds: 0.25,
  },
  {
    namespace: 'reports',
    name: 'feeder',
    type: 'Deployment',
    replicas: 2,
    containers: [container('feeder', 0.2, 512 * mebi)],
  },
  {
    namespace: 'auth',
    name: 'login',
    type: 'Deployment',
    replicas: 2,
    containers: [container('login', 0.15, 192 * mebi), proxy],
    serves: true,
    baseRate: 40,
    cpuPerRequest: 0.003,
    latencySeconds: 0.02,
  },
];

const vanillaPlatform: readonly WorkloadPlan[] = [
  {
    namespace: 'kube-system',
    name: 'coredns',
    type: 'Deployment',
    replicas: 1,
    containers: [container('coredns', 0.1, 70 * mebi, 'registry.k8s.io/coredns/coredns')],
    platform: true,
  },
  {
    namespace: 'kube-system',
    name: 'kube-proxy',
    type: 'DaemonSet',
    replicas: 0,
    containers: [container('kube-proxy', 0.05, 48 * mebi, 'registry.k8s.io/kube-proxy')],
    platform: true,
    full: true,
  },
  {
    namespace: 'monitoring',
    name: 'prometheus-k8s',
    type: 'StatefulSet',
    replicas: 2,
    containers: [container('prometheus', 0.3, 2 * gibi, 'quay.io/prometheus/prometheus')],
    claimBytes: 40 * gibi,
    platform: true,
    full: true,
  },
  {
    namespace: 'ingress-nginx',
    name: 'ingress-nginx-controller',
    type: 'Deployment',
    replicas: 2,
    containers: [
      container('controller', 0.2, 128 * mebi, 'registry.k8s.io/ingress-nginx/controller'),
    ],
    platform: true,
    full: true,
  },
];

const openshiftPlatform: readonly WorkloadPlan[] = [
  {
    namespace: 'openshift-ingress',
    name: 'router-default',
    type: 'Deployment',
    replicas: 1,
    containers: [
      container('router', 0.2, 256 * mebi, 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'),
    ],
    platform: true,
  },
  {
    namespace: 'openshift-dns',
    name: 'dns-default',
    type: 'DaemonSet',
    replicas: 0,
    containers: [
      container('dns', 0.06, 110 * mebi, 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'),
    ],
    platform: true,
    full: true,
  },
  {
    namespace: 'openshift-ovn-kubernetes',
    name: 'ovnkube-node',
    type: 'DaemonSet',
    replicas: 0,
    containers: [
      container(
        'ovnkube-controller',
        0.1,
        600 * mebi,
        'quay.io/openshift-release-dev/ocp-v4.0-art-dev',
      ),
    ],
    platform: true,
    full: true,
  },
  {
    namespace: 'openshift-monitoring',
    name: 'prometheus-k8s',
    type: 'StatefulSet',
    replicas: 2,
    containers: [
      container('prometheus', 0.3, 2 * gibi, 'quay.io/openshift-release-dev/ocp-v4.0-art-dev'),
    ],
    claimBytes: 40 * gibi,
    platform: true,
    full: true,
  },
];

export const platformOf: Record<Flavour, readonly WorkloadPlan[]> = {
  vanilla: vanillaPlatform,
  openshift: openshiftPlatform,
};

/** Cluster operators in the order in which an upgrade reaches them. */
export const clusterOperators: readonly string[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'authentication',
  'monitoring',
  'ingress',
  'image-registry',
  'network',
  'dns',
  'machine-config',
];

export const clusterNames: readonly string[] = [
  'atlantic',
  'baltic',
  'coral',
  'dogger',
  'egadi',
  'fisher',
  'gibraltar',
  'hebrides',
  'irish',
  'java',
  'kara',
  'labrador',
];
