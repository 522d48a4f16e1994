import type { FamilyMetadata } from '../formats/remote-write/columns.ts';

/**
 * Values of the JSON records of `telemetry`: written by the gateway, read by the engine. The value
 * of a `samples` record is a Remote Write 2.0 request, compressed as its header `encoding` says.
 */

/** `heartbeat`: what a reader compares with what it believes. */
export interface HeartbeatValue {
  readonly partitions: number;
  readonly hashVersion: number;
}

/** `metadata`: families of one cluster that are new or changed, or repeated. */
export interface MetadataValue {
  readonly families: readonly FamilyMetadata[];
}

/** `settings`: everything in force, by version. `sha256` (hex) is of the JSON of `content`. */
export interface SettingsValue {
  readonly version: number;
  readonly sha256: string;
  readonly content: SettingsContent;
}

export interface SettingsContent {
  /** sha-256 (hex) of the bundle of users' processors; absent without one. */
  readonly bundle?: string;
  /** Engine settings at the top, one section per processor. */
  readonly [section: string]: unknown;
}

/** `checkpoint`: every reader makes a snapshot there. */
export interface CheckpointValue {
  readonly id: string;
  readonly reason: string;
}

/** `release`: a merged stage goes on without that input. */
export interface ReleaseValue {
  readonly topic: string;
  readonly partition: number;
  readonly reason: string;
}
