import { z } from 'zod';

export const parameters = z.strictObject({
  clip: z
    .number()
    .min(2)
    .max(100)
    .default(6)
    .describe('Robust scales beyond which a residual does not teach.'),
  maturity: z
    .number()
    .min(0)
    .max(10_000)
    .default(240)
    .describe('Samples until soft records weigh half.'),
  persistence: z
    .number()
    .min(0)
    .max(1440)
    .default(10)
    .describe(
      'Minutes over which rarities are averaged before they may alarm; a lone sample of a calm series may by itself.',
    ),
  cuts: z
    .strictObject({
      value: z.number().positive().default(0.094),
      level: z.number().positive().default(0.18),
      season: z.number().positive().default(0.165),
      deviation: z.number().positive().default(0.68),
      fading: z.number().positive().default(0.76),
      word: z.number().positive().default(14),
      block: z.number().positive().default(4.9),
    })
    .prefault({})
    .describe('Cut of each term: the soft record or surprise that alarms by itself.'),
});
export type Parameters = z.infer<typeof parameters>;
