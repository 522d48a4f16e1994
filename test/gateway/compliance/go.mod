module seastate.example/compliance

go 1.25.0

replace github.com/prometheus/prometheus => github.com/prometheus/prometheus v0.307.3

require github.com/prometheus/compliance/remotewrite v0.0.0-20260223092825-818283e1171e
