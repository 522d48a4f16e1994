import { encodeRequest, type SeriesInput } from '../../src/formats/remote-write/encode.ts';
import { compress } from '../../src/formats/snappy/snappy.ts';

/** Sends series as one request of remote write 2.0; returns the HTTP status. */
export async function write(url: string, series: readonly SeriesInput[]): Promise<number> {
  const answer = await fetch(`${url}/api/v1/write`, {
    method: 'POST',
    headers: {
      'content-encoding': 'snappy',
      'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request',
    },
    body: Buffer.from(compress(encodeRequest(series))),
  });
  return answer.status;
}
