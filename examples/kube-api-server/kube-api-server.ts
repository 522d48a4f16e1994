import { defineProcessor } from 'seastate';

/** Timestamp, metric and value of chosen series of the API servers, on a topic of their own. */
export const kubeAPIServerProcessor = defineProcessor({
  name: 'kube-api-server',
  version: 1,
  outputs: ['x-kube-api-server'],
  create(context) {
    const chosen = context.select('{__name__=~"apiserver_request_total|etcd_.*size.*"}');
    return {
      samples({ cluster, length, slots, times, values, stale }) {
        for (let i = 0; i < length; i++) {
          if (stale[i] === 1 || !chosen.has(slots[i]!)) continue;
          const { __name__: metric, ...labels } = Object.fromEntries(
            context.series.labels(slots[i]!),
          );
          const timestamp = new Date(times[i]!).toISOString();
          const subject = [
            context.clusters.name(cluster),
            metric,
            JSON.stringify(labels),
            timestamp,
          ];
          const data = { timestamp, metric, labels, value: values[i]! };
          const [topic, type] = ['x-kube-api-server', 'example.kube-api-server'];
          context.emit({ topic, type, cluster, subject: subject.join('/'), revision: 0, data });
        }
      },
    };
  },
});
