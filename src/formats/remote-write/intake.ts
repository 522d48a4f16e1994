import type { WriteColumns } from './columns.ts';
import { exemplarIsValid } from './exemplar.ts';
import { histogramAgrees } from './histogram.ts';
import { KnownSeries, type Labels } from './known-series.ts';
import { LabelList, type LabelReason } from './label-list.ts';
import { defaultWriteLimits, type WriteLimits } from './limits.ts';
import { findSymbols, resolveSymbol, symbolIsUtf8 } from './symbols.ts';

/** Why a series entry was rejected. */
export type RejectionReason =
  | LabelReason
  | 'samples_and_histograms'
  | 'histogram_invalid'
  | 'exemplar_invalid';

export interface Rejection {
  /** Which series entry of the request. */
  readonly index: number;
  readonly reason: RejectionReason;
  /** The series for people, at most 200 characters, control characters escaped. */
  readonly series: string;
}

export interface WriteCounts {
  series: number;
  samples: number;
  histograms: number;
  exemplars: number;
  /** Protocol 2: entries that carry metadata. */
  metadata: number;
}

/** What became of a request. Valid, like its columns, until the next `read` of the same Intake. */
export interface IntakeResult {
  readonly columns: WriteColumns;
  /** Series entries; the arrays below have at least this length. */
  readonly length: number;
  /** Known series of entry i, -1 when rejected. Means nothing outside of its Intake. */
  readonly series: Int32Array;
  /** Index of its cluster in `clusters`; -1 when it is not to be written. */
  readonly cluster: Int32Array;
  /** 1 when entry i is to be written; 0 when it was rejected or filtered. */
  readonly kept: Uint8Array;
  /** Distinct clusters of the entries to be written ('' for series without), by first use. */
  readonly clusters: readonly string[];
  /** Valid entries, filtered ones among them: what the `Written` headers tell. */
  readonly accepted: Readonly<WriteCounts>;
  readonly filtered: Readonly<WriteCounts>;
  readonly rejected: Readonly<WriteCounts>;
  /** Rejected series by reason. */
  readonly reasons: ReadonlyMap<RejectionReason, number>;
  /** Details of the first rejections (option `rejectionsMax`). */
  readonly rejections: readonly Rejection[];
  /** The bytes that came can be appended as they are: see `Intake.read`. */
  readonly passThrough: boolean;
}

export interface IntakeOptions {
  /** Label names that tell the cluster; the first present wins. */
  readonly clusterLabels?: readonly string[];
  /** Asked once per known series, with its sorted labels. Default: all are kept. */
  readonly keep?: (labels: Labels) => boolean;
  readonly limits?: WriteLimits;
  /** Known series at most; beyond, all are forgotten and learnt again. */
  readonly seriesMax?: number;
  /** Bytes of memory for known series at most. */
  readonly bytesMax?: number;
  /** Rejections told in full per request. */
  readonly rejectionsMax?: number;
  /** Seed of the hash tables: random where senders are not trusted. */
  readonly seed?: number;
}

const noCounts = (): WriteCounts => ({
  series: 0,
  samples: 0,
  histograms: 0,
  exemplars: 0,
  metadata: 0,
});

/**
 * The gateway's reading of decoded requests: validates each series entry, knows series again,
 * finds their cluster and whether they are kept.
 */
export class Intake {
  readonly #options: Required<Omit<IntakeOptions, 'keep'>> & Pick<IntakeOptions, 'keep'>;
  readonly #labels = new LabelList();
  #known: KnownSeries;
  /** Changes when known series are forgotten: ids from before mean nothing then. */
  generation = 0;

  #series = new Int32Array(0);
  #cluster = new Int32Array(0);
  #kept = new Uint8Array(0);
  /** By cluster id: index in the clusters of this request, and the request it was given in. */
  #clusterIndex = new Int32Array(16);
  #clusterRequest = new Float64Array(16);
  #request = 0;
  #clusters: string[] = [];
  #filtered: WriteCounts = noCounts();
  #rejected: WriteCounts = noCounts();
  #rejections: Rejection[] = [];
  #reasons = new Map<RejectionReason, number>();
  #irregular = false;

  constructor(options: IntakeOptions = {}) {
    this.#options = {
      clusterLabels: ['clusterID', 'cluster_id', 'cluster'],
      limits: defaultWriteLimits,
      seriesMax: 2_000_000,
      bytesMax: 1 << 30,
      rejectionsMax: 10,
      seed: 0,
      ...options,
    };
    this.#known = this.#newKnown();
  }

  #newKnown(): KnownSeries {
    const { clusterLabels, keep, seed } = this.#options;
    return new KnownSeries({ clusterLabels, keep, seed });
  }

  /** Series that are known again when they come. */
  get knownSeries(): number {
    return this.#known.count;
  }

  get bytesUsed(): number {
    return this.#known.bytesUsed;
  }

  /** For the encoder. */
  get known(): KnownSeries {
    return this.#known;
  }

  /** Forgets all known series. */
  clear(): void {
    this.#known = this.#newKnown();
    this.generation++;
    this.#clusterRequest.fill(0);
  }

  /**
   * Reads decoded columns of either protocol. A bad entry is rejected and its neighbours are kept;
   * only a label that is broken as a message throws (`body_malformed`). `passThrough` is true when
   * it was protocol 2 with one cluster, and nothing was rejected, filtered, unsorted, or had empty
   * label values.
   */
  read(c: WriteColumns): IntakeResult {
    const { seriesMax, bytesMax } = this.#options;
    if (this.#known.count > seriesMax || this.#known.bytesUsed > bytesMax) this.clear();
    this.#begin(c.seriesCount);
    this.#findSeries(c);
    const metadata = this.#readEntries(c);
    const { series, samples, histograms, exemplars } = this.#rejected;
    return {
      columns: c,
      length: c.seriesCount,
      series: this.#series,
      cluster: this.#cluster,
      kept: this.#kept,
      clusters: this.#clusters,
      accepted: {
        series: c.seriesCount - series,
        samples: c.sampleCount - samples,
        histograms: c.histogramCount - histograms,
        exemplars: c.exemplarCount - exemplars,
        metadata: metadata - this.#rejected.metadata,
      },
      filtered: this.#filtered,
      rejected: this.#rejected,
      reasons: this.#reasons,
      rejections: this.#rejections,
      passThrough:
        c.protocol === 2 &&
        this.#clusters.length === 1 &&
        series === 0 &&
        this.#filtered.series === 0 &&
        !this.#irregular,
    };
  }

  #begin(count: number): void {
    if (count > this.#series.length) {
      const length = Math.max(1024, count + (count >>> 1));
      this.#series = new Int32Array(length);
      this.#cluster = new Int32Array(length);
      this.#kept = new Uint8Array(length);
    }
    this.#request++;
    this.#clusters = [];
    this.#filtered = noCounts();
    this.#rejected = noCounts();
    this.#rejections = [];
    this.#reasons = new Map();
    this.#irregular = false;
  }

  /** `c.entryIds` become vectors (protocol 2) or blocks (protocol 1); -1 where rejected. */
  #findSeries(c: WriteColumns): void {
    const { seriesCount, entryIds, labelStart, labelEnd } = c;
    const { vectors, blocks, symbols } = this.#known;
    if (c.protocol === 2) findSymbols(c, symbols);
    let after = -1;
    for (let i = 0; ; i++) {
      const stop =
        c.protocol === 2
          ? vectors.matchVectors(c, i, after)
          : blocks.matchRanges(c, labelStart, labelEnd, entryIds, i, seriesCount, after);
      if (stop > i) after = entryIds[stop - 1]!;
      i = stop;
      if (i >= seriesCount) return;
      const id = this.#findUnpredicted(c, i, after);
      entryIds[i] = id;
      if (id >= 0) after = id;
    }
  }

  #findUnpredicted(c: WriteColumns, index: number, after: number): number {
    const { limits } = this.#options;
    const refs = c.protocol === 2 ? c.labelEnd[index]! - c.labelStart[index]! : 0;
    const known = refs <= 2 * limits.labelsMax ? this.#known.find(c, index, after) : -1;
    if (known >= 0) return known;
    const reason = this.#labels.read(c, index, limits);
    const id = reason ? -1 : this.#known.learn(c, index, this.#labels, after);
    if (id < 0) this.#reject(c, index, reason ?? 'invalid_utf8');
    return id;
  }

  /** What is left per entry when its series is known; returns how many carry metadata. */
  #readEntries(c: WriteColumns): number {
    const { seriesCount, entryIds, histogramFrom, exemplarFrom } = c;
    const { metadataType, helpRef, unitRef } = c;
    const { blockSeries, canonical, cluster, kept } = this.#known;
    const isV2 = c.protocol === 2;
    let metadata = 0;
    let lastCluster = -1;
    let lastIndex = -1;
    for (let i = 0; i < seriesCount; i++) {
      const id = entryIds[i]!;
      if (isV2 && metadataType[i]! + helpRef[i]! + unitRef[i]! !== 0) metadata++;
      let series = -1;
      if (id >= 0) {
        series = isV2 ? canonical[id]! : blockSeries[id]!;
        const plain =
          histogramFrom[i] === histogramFrom[i + 1] && exemplarFrom[i] === exemplarFrom[i + 1];
        const described = isV2 && (helpRef[i] !== 0 || unitRef[i] !== 0);
        if ((!plain || described) && !this.#checkParts(c, i)) series = -1;
        else if (isV2 && series !== id) this.#irregular = true;
      }
      this.#series[i] = series;
      if (series < 0 || kept[series] === 0) {
        if (series >= 0) count(this.#filtered, c, i);
        this.#kept[i] = 0;
        this.#cluster[i] = -1;
        continue;
      }
      this.#kept[i] = 1;
      if (cluster[series] !== lastCluster) {
        lastCluster = cluster[series]!;
        lastIndex = this.#indexOf(lastCluster);
      }
      this.#cluster[i] = lastIndex;
    }
    return metadata;
  }

  /** Index of a cluster in the list of this request. */
  #indexOf(cluster: number): number {
    if (cluster >= this.#clusterIndex.length) {
      const length = cluster * 2;
      const index = new Int32Array(length);
      index.set(this.#clusterIndex);
      this.#clusterIndex = index;
      const request = new Float64Array(length);
      request.set(this.#clusterRequest);
      this.#clusterRequest = request;
    }
    if (this.#clusterRequest[cluster] !== this.#request) {
      this.#clusterRequest[cluster] = this.#request;
      this.#clusterIndex[cluster] = this.#clusters.push(this.#known.clusters[cluster]!) - 1;
    }
    return this.#clusterIndex[cluster]!;
  }

  /** Histograms, exemplars and metadata of an entry; rejects it when one of them is bad. */
  #checkParts(c: WriteColumns, index: number): boolean {
    const reason = this.#partsReason(c, index);
    if (!reason) return true;
    this.#labels.read(c, index, this.#options.limits);
    this.#reject(c, index, reason);
    return false;
  }

  #partsReason(c: WriteColumns, index: number): RejectionReason | undefined {
    const histogramEnd = c.histogramFrom[index + 1]!;
    const hasHistograms = c.histogramFrom[index]! < histogramEnd;
    if (c.protocol === 2 && hasHistograms && c.sampleFrom[index]! < c.sampleFrom[index + 1]!) {
      return 'samples_and_histograms';
    }
    for (let k = c.histogramFrom[index]!; k < histogramEnd; k++) {
      if (!histogramIsGood(c, k)) return 'histogram_invalid';
    }
    for (let k = c.exemplarFrom[index]!; k < c.exemplarFrom[index + 1]!; k++) {
      if (!exemplarIsValid(c, k, this.#options.limits)) return 'exemplar_invalid';
    }
    if (c.protocol === 1) return undefined;
    return this.#textReason(c, c.helpRef[index]!) ?? this.#textReason(c, c.unitRef[index]!);
  }

  /** Of help and unit, which become known like labels: they come again with every sample. */
  #textReason(c: WriteColumns, ref: number): RejectionReason | undefined {
    if (ref === 0) return undefined;
    if (ref >= c.symbolCount) return 'ref_out_of_range';
    if (c.symbolIds[ref]! >= 0) return undefined;
    if (!symbolIsUtf8(c, ref)) return 'invalid_utf8';
    resolveSymbol(c, this.#known.symbols, ref);
    return undefined;
  }

  /** The label list holds what could be read of the entry. */
  #reject(c: WriteColumns, index: number, reason: RejectionReason): void {
    count(this.#rejected, c, index);
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (this.#rejections.length < this.#options.rejectionsMax) {
      this.#rejections.push({ index, reason, series: this.#labels.print() });
    }
  }
}

function histogramIsGood(c: WriteColumns, index: number): boolean {
  try {
    return histogramAgrees(c.bytes, c.histogramStart[index]!, c.histogramEnd[index]!);
  } catch {
    return false;
  }
}

function count(counts: WriteCounts, c: WriteColumns, index: number): void {
  counts.series++;
  counts.samples += c.sampleFrom[index + 1]! - c.sampleFrom[index]!;
  counts.histograms += c.histogramFrom[index + 1]! - c.histogramFrom[index]!;
  counts.exemplars += c.exemplarFrom[index + 1]! - c.exemplarFrom[index]!;
  if (c.protocol === 2 && c.metadataType[index]! + c.helpRef[index]! + c.unitRef[index]! !== 0) {
    counts.metadata++;
  }
}
