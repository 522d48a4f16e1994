/** `seastate`: what processors and models of your own are written against. */
export {
  defineModel,
  type MetricKind,
  type ModelDefinition,
  type Result,
  type Sample,
  weight,
} from './engine/model.ts';
export {
  type Block,
  defineProcessor,
  type Handlers,
  type Label,
  type Output,
  type ProcessorContext,
  type ProcessorDefinition,
} from './engine/processor.ts';
export { selector } from './engine/selector-schema.ts';
export { type RowKey, sameKey } from './engine/tables.ts';
