type Labels = Readonly<Record<string, string>>;

/** Those that columns of their own show. */
const shownApart = new Set(['alertname', 'severity', 'cluster', 'clusterID', 'cluster_id']);

/** Those that say how a sample came, not what it is of: the details have them. */
const plumbing = new Set([
  'prometheus',
  'prometheus_replica',
  'endpoint',
  'uid',
  'openshift_io_alert_source',
  'receive',
  'tenant_id',
  'id',
  'job',
]);

/** What people look for first. */
const leading = ['namespace', 'pod', 'node'];

/** Labels in one line: those that tell it from others, and no value twice. */
export function LabelLine({ labels }: { readonly labels: Labels }) {
  const seen = new Set<string>();
  const names = new Set([...leading, ...Object.keys(labels)]);
  const told = [...names].filter((name) => {
    const value = labels[name];
    if (value === undefined || shownApart.has(name) || plumbing.has(name)) return false;
    if (name === 'instance' && (seen.has(labels['pod'] ?? '') || seen.has(labels['node'] ?? ''))) {
      return false;
    }
    return !seen.has(value) && seen.add(value);
  });
  return <LabelList labels={labels} names={told} />;
}

/** All labels. */
export const AllLabels = ({ labels }: { readonly labels: Labels }) => (
  <LabelList labels={labels} names={Object.keys(labels)} />
);

function LabelList(props: { readonly labels: Labels; readonly names: readonly string[] }) {
  return (
    <>
      {props.names.map((name) => (
        <span class="label" key={name}>
          {name}=<b>{props.labels[name]}</b>
        </span>
      ))}
    </>
  );
}
