import { compile } from '../../core/heap.ts';
import {
  add,
  and,
  block,
  br,
  brIf,
  type Code,
  eq,
  ge,
  gt,
  increase,
  type Local,
  load8,
  loop,
  ne,
  or,
  set,
  shl,
  shr,
  store8,
  store32,
  sub,
  type WasmFunction,
  when,
} from '../../core/wasm.ts';
import { odd, Walk } from './walk-parts.ts';

/**
 * The walk over what nearly all of a request is: symbols, and series entries of labels, samples
 * and metadata in the order in which every sender writes them. Whatever else it meets it leaves to
 * the TypeScript decoders: it stops before that field with nothing of it counted.
 */
function walkV1(): WasmFunction {
  const w = new Walk();
  const { p, tag, size, entryEnd, partEnd, base, frame } = w;
  const [labels, labelsEnd] = frame.locals();
  return w.function('walk1', [
    set(p, w.at),
    brIf(odd, ne(load8(p), 0x0a)),
    increase(p, 1),
    ...w.nested(entryEnd, w.end),
    brIf(odd, ge(w.entry, w.entryMax)),
    set(labels, p),
    block(
      'labelsEnd',
      loop(
        'labels',
        brIf('labelsEnd', ge(p, entryEnd)),
        brIf('labelsEnd', ne(load8(p), 0x0a)),
        increase(p, 1),
        ...w.nested(p, entryEnd),
        br('labels'),
      ),
    ),
    set(labelsEnd, p),
    set(w.open, w.sample),
    block(
      'entryEnd',
      loop(
        'parts',
        brIf('entryEnd', ge(p, entryEnd)),
        set(tag, load8(p)),
        brIf(odd, ne(tag, 0x12)),
        increase(p, 1),
        ...w.nested(partEnd, entryEnd),
        ...w.readSample(false),
        br('parts'),
      ),
    ),
    set(size, base),
    ...w.commit(sub(labels, size), sub(labelsEnd, size)),
  ]);
}

/** Symbol numbers from `p` to `partEnd` into the column; `bytes` is what they take there. */
function readRefs(w: Walk, to: Local, bytes: Local): Code[] {
  const { p, tag, more, partEnd } = w;
  return [
    set(to, w.element('refs', w.ref)),
    block(
      'refsEnd',
      loop(
        'refs',
        brIf('refsEnd', ge(p, partEnd)),
        set(tag, load8(p)),
        increase(p, 1),
        when(ge(tag, 0x80), [
          set(more, load8(p)),
          increase(p, 1),
          set(tag, or(and(tag, 0x7f), shl(and(more, 0x7f), 7))),
          when(ge(more, 0x80), [
            set(more, load8(p)),
            increase(p, 1),
            brIf(odd, ge(more, 0x80)),
            set(tag, or(tag, shl(more, 14))),
          ]),
        ]),
        store32(to, tag),
        increase(to, 4),
        br('refs'),
      ),
    ),
    brIf(odd, ne(p, partEnd)),
    set(bytes, sub(to, w.element('refs', w.ref))),
  ];
}

function readMetadata(w: Walk, type: Local, help: Local, unit: Local): Code[] {
  const { p, tag, size, partEnd } = w;
  return [
    block(
      'metadataEnd',
      loop(
        'metadata',
        brIf('metadataEnd', ge(p, partEnd)),
        set(tag, load8(p)),
        increase(p, 1),
        ...w.smallVarint(size),
        when(eq(tag, 0x08), [brIf(odd, gt(size, 7)), set(type, size), br('metadata')]),
        when(eq(tag, 0x18), [set(help, size), br('metadata')]),
        when(eq(tag, 0x20), [set(unit, size), br('metadata')]),
        br(odd),
      ),
    ),
    brIf(odd, ne(p, partEnd)),
  ];
}

function walkV2(): WasmFunction {
  const w = new Walk();
  const { p, tag, size, entryEnd, partEnd, base, entry, symbol } = w;
  const [refBytes, to, type, help, unit] = w.frame.locals();
  return w.function('walk2', [
    set(p, w.at),
    set(tag, load8(p)),
    increase(p, 1),
    ...w.nested(entryEnd, w.end),
    when(eq(tag, 0x22), [
      brIf(odd, ge(symbol, w.symbolMax)),
      store32(w.element('symbolStart', symbol), sub(p, base)),
      store32(w.element('symbolEnd', symbol), sub(entryEnd, base)),
      increase(symbol, 1),
      set(w.at, entryEnd),
      br('fields'),
    ]),
    brIf(odd, ne(tag, 0x2a)),
    brIf(odd, ge(entry, w.entryMax)),
    brIf(odd, ne(load8(p), 0x0a)),
    increase(p, 1),
    ...w.nested(partEnd, entryEnd),
    brIf(odd, gt(add(w.ref, size), w.refMax)),
    ...readRefs(w, to, refBytes),
    set(w.open, w.sample),
    set(type, 0),
    set(help, 0),
    set(unit, 0),
    block(
      'entryEnd',
      loop(
        'parts',
        brIf('entryEnd', ge(p, entryEnd)),
        set(tag, load8(p)),
        increase(p, 1),
        ...w.nested(partEnd, entryEnd),
        when(eq(tag, 0x12), [...w.readSample(true), br('parts')]),
        brIf(odd, ne(tag, 0x2a)),
        ...readMetadata(w, type, help, unit),
        br('parts'),
      ),
    ),
    store32(w.element('helpRef', entry), help),
    store32(w.element('unitRef', entry), unit),
    store8(add(w.column('metadataType'), entry), type),
    set(size, add(w.ref, shr(refBytes, 2))),
    ...w.commit(w.ref, size),
    set(w.ref, size),
  ]);
}

export const walkModule = compile([walkV1(), walkV2()]);
