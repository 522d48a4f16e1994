/** `seastate/testing`: drives processors and models, without log and threads. */
export { anomaliesWith } from '../processors/anomalies/definition.ts';
export { type ScoredSeries, scoreSeries } from './score-series.ts';
export { type DriverOptions, type DriverOutput, StageDriver } from './stage-driver.ts';
