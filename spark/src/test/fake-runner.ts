import { readdirSync, readSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ByteWriter } from '../../../src/core/bytes.ts';
import { samePosition } from '../../../src/engine/position.ts';
import {
  type Batch,
  decodeMessage,
  decodeRecords,
  encodeMessage,
  type Load,
  protocolVersion,
  type Reply,
} from '../../../src/engine/runner/messages.ts';
import { codeOf, type FakeSetup, FakeState } from './fake-stage.ts';

/**
 * A runner for the bridge's own tests, with faults on demand. Arguments: a folder of faults, and
 * the setup. A file in that folder is a fault for the next batch, taken by one runner: `kill`
 * (after the work), `hang`, `half` (half a reply), `throw`, `refuse` (a `failed` message),
 * `forget` (asks for its state).
 */
const [faults, setupText] = process.argv.slice(2) as [string, string];
const setup = JSON.parse(setupText) as FakeSetup;
// Once, as a runner does: after its hello the file is gone.
const code = codeOf(setup);
const states = new Map<number, FakeState>();

function load({ partition, position, chunks, tail }: Load): Reply {
  const state = new FakeState(setup, partition, position, code);
  if (chunks.length > 0) state.load(chunks);
  for (const records of tail) state.apply(decodeRecords(records));
  states.set(partition, state);
  return { type: 'done', partition, position: state.position, outputs: [], chunks: [] };
}

function batch({ partition, position, wantSnapshot, records }: Batch, fault: string): Reply {
  const state = states.get(partition);
  if (fault === 'forget') states.clear();
  if (!state || fault === 'forget' || !samePosition(state.position, position)) {
    return { type: 'need', partition };
  }
  const outputs = state.apply(decodeRecords(records));
  const chunks = wantSnapshot ? state.save() : [];
  return { type: 'done', partition, position: state.position, outputs, chunks };
}

/** Takes one fault out of the folder; the rename makes sure that only one runner has it. */
function takeFault(): string {
  for (const name of readdirSync(faults)) {
    if (name.startsWith('.')) continue;
    try {
      renameSync(join(faults, name), join(faults, `.${name}-${process.pid}-${Math.random()}`));
      return name.split('-')[0]!;
    } catch {
      // Another runner was faster.
    }
  }
  return '';
}

function send(reply: Reply, bytes = Number.POSITIVE_INFINITY): void {
  const message = encodeMessage(reply);
  const out = new ByteWriter(message.length + 4).u32(message.length).raw(message).view();
  const end = Math.min(out.length, bytes);
  for (let at = 0; at < end; ) at += writeSync(1, out, at, end - at);
}

function read(into: Uint8Array): boolean {
  for (let at = 0; at < into.length; ) {
    const count = readSync(0, into, at, into.length - at, null);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

const { version: node, arch } = process;
const bundle = setup.bundle?.sha256 ?? '';
send({ type: 'hello', protocol: protocolVersion, node, arch, stage: setup.stage, bundle });
const head = new Uint8Array(4);
while (read(head)) {
  const message = new Uint8Array(new DataView(head.buffer).getUint32(0, true));
  if (!read(message)) break;
  const request = decodeMessage(message) as Load | Batch;
  if (request.type === 'load') {
    send(load(request));
    continue;
  }
  const fault = takeFault();
  const { partition } = request;
  if (fault === 'throw') throw new Error(`a fault on purpose in partition ${partition}`);
  if (fault === 'refuse') {
    const told = { code: 'fault', message: 'on purpose', stage: setup.stage, offset: 7 };
    send({ type: 'failed', partition, ...told });
    process.exit(70);
  }
  const reply = batch(request, fault);
  if (fault === 'kill') process.kill(process.pid, 'SIGKILL');
  if (fault === 'hang') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  send(reply, fault === 'half' ? 20 : undefined);
  if (fault === 'half') process.exit(0);
}
