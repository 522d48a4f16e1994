const shownApart = new Set(['alertname', 'severity', 'cluster', 'clusterID', 'cluster_id']);

/** Labels that no column of its own shows. */
export function Labels({ labels }: { readonly labels: Readonly<Record<string, string>> }) {
  return (
    <>
      {Object.entries(labels)
        .filter(([name]) => !shownApart.has(name))
        .map(([name, text]) => (
          <span key={name}>
            {name}=<b>{text}</b>
          </span>
        ))}
    </>
  );
}
