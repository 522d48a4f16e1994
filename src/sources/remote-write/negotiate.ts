/**
 * Which message a request holds, by its Content-Type and Content-Encoding (specification of remote
 * write 2.0): absent ones are those of remote write 1.0, as old clients leave them out. Undefined:
 * 415.
 */
export function negotiate(
  contentType: string | undefined,
  contentEncoding: string | undefined,
): 1 | 2 | undefined {
  const encoding = (contentEncoding ?? '').trim().toLowerCase();
  if (encoding !== '' && encoding !== 'snappy') return undefined;
  const [type = '', ...parameters] = (contentType ?? '').split(';');
  if (type.trim() === '' && parameters.length === 0) return 1;
  if (type.trim().toLowerCase() !== 'application/x-protobuf') return undefined;
  let message: string | undefined;
  for (const parameter of parameters) {
    const [, name, value] = /^\s*([^=\s]+)\s*=\s*"?([^"]*?)"?\s*$/.exec(parameter) ?? [];
    if (name?.toLowerCase() === 'proto') message = value;
  }
  if (message === undefined || message === 'prometheus.WriteRequest') return 1;
  return message === 'io.prometheus.write.v2.Request' ? 2 : undefined;
}

export const supported: string =
  'application/x-protobuf (proto=prometheus.WriteRequest or io.prometheus.write.v2.Request) ' +
  'with Content-Encoding: snappy';
