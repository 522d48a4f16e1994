/** What to do while no cluster has ever sent. */
export function Welcome() {
  return (
    <section class="welcome">
      <h2>No cluster has sent yet</h2>
      <p>Point a Prometheus here, and name its cluster:</p>
      <pre>{`remote_write:
  - url: ${location.origin}/api/v1/write
    protobuf_message: io.prometheus.write.v2.Request   # Prometheus 3; leave it out before
global:
  external_labels: {cluster: east-1}`}</pre>
      <p>
        Its alerts show here within a second; what is abnormal needs some samples to learn from.
      </p>
    </section>
  );
}
