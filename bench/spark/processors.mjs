// Users' processors of the bench: an EWMA per series, and an echo for latency.
const alpha = 0.1;

const ewma = {
  name: 'ewma',
  version: 1,
  outputs: ['anomalies'],
  create(context) {
    const columns = context.columns('ewma', { mean: 'f64', variance: 'f64' });
    return {
      samples(block) {
        const { mean, variance } = columns.arrays;
        const { slots, values, length } = block;
        for (let i = 0; i < length; i++) {
          const slot = slots[i];
          const delta = values[i] - mean[slot];
          if (delta * delta > 16 * variance[slot] && variance[slot] > 0 && delta > 1e12) {
            emit(context, block, i);
          }
          mean[slot] += alpha * delta;
          variance[slot] = (1 - alpha) * (variance[slot] + alpha * delta * delta);
        }
      },
    };
  },
};

/** State that is only carried: `count` numbers of 8 bytes per series. */
const ballast = (name, count) => ({
  name,
  version: 1,
  outputs: [],
  create(context) {
    const spec = Object.fromEntries(Array.from({ length: count }, (_, i) => [`v${i}`, 'f64']));
    context.columns('ballast', spec);
    return {};
  },
});
export const small = ballast('ballast-20', 40);
export const big = ballast('ballast-100', 208);

/** One output per record whose first value asks for it. */
const echo = {
  name: 'echo',
  version: 1,
  outputs: ['events'],
  create: (context) => ({
    samples(block) {
      if (block.length > 0 && block.values[0] < 0) emit(context, block, 0, 'events');
    },
  }),
};

function emit(context, block, i, topic = 'anomalies') {
  const subject = `${block.slots[i]}/${block.times[i]}`;
  const data = { time: block.times[i], value: block.values[i] };
  context.emit({ topic, type: 'bench', cluster: block.cluster, subject, revision: 0, data });
}

/** As a bundle tells what it holds. */
export const processors = [['processors.mjs', { ewma, echo, small, big }]];
