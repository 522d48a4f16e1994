/** One measurement. The keys of the result are names with their unit, such as `nsPerSample`. */
export interface BenchCase {
  readonly name: string;
  run(): Promise<Record<string, number>>;
}
