export type {
  Block,
  Handlers,
  Label,
  Output,
  ProcessorContext,
  ProcessorDefinition,
} from './engine/processor.ts';
export { defineProcessor } from './engine/processor.ts';
