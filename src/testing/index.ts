/** `seastate/testing`: drives processors over records, without log and threads. */
export { type DriverOptions, type DriverOutput, StageDriver } from './stage-driver.ts';
