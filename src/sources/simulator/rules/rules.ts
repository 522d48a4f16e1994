import { nodeRules } from './nodes.ts';
import { platformRules } from './platform.ts';
import type { Rule } from './rule.ts';
import { workloadRules } from './workloads.ts';

/** Every alerting rule. A new one is added to one of these lists. */
export const rules: readonly Rule[] = [...platformRules, ...nodeRules, ...workloadRules];
