/** A family of events of somebody's own, as its file says it. */
export const meshFamily = `
family: mesh
signals:
  - id: mesh-broken
    scope: 'Mesh/{namespace}/{name}'
    event: { kind: Mesh, reason: Broken, message: 'lost (?<peers>\\d+) peers' }
  - id: mesh-mended
    scope: 'Mesh/{namespace}/{name}'
    event: { kind: Mesh, reason: Mended }
rules:
  - id: mesh-broken
    fact: mesh_broken
    title: A mesh lost peers
    severity: warning
    object: 'Mesh/{namespace}/{name}'
    start: [mesh-broken]
    end: [mesh-mended]
    quiet: 10m
`;
