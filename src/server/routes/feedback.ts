import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseDuration } from '../../core/time.ts';
import { type FeedbackValue, feedbackMarks } from '../../log/feedback.ts';
import { ApiError, success } from '../envelope.ts';
import type { ServerParts } from '../parts.ts';
import { tenantOf } from './api.ts';

const forDefault = '30d';
/** Ten years: longer is a slip of the hand. */
const forMaxMs = 3_650 * 86_400_000;
const noteMax = 2_000;

const bodySchema = z.strictObject({
  anomaly: z.string().min(1),
  mark: z.enum(feedbackMarks),
  for: z.string().optional(),
  like: z.boolean().default(true),
  note: z.string().max(noteMax).default(''),
});
type Body = z.infer<typeof bodySchema>;

/** What the record needs of an anomaly as the view has it. */
interface Found {
  readonly subject: string;
  readonly revision: number;
  readonly tenant: string;
  readonly cluster: string;
}

/**
 * `POST /api/v1/feedback`: marks an anomaly as expected or confirmed. The answer comes when the
 * mark is durable in the log. 404 for an anomaly that this tenant has not, or has no more.
 */
export function feedbackRoutes(app: FastifyInstance, parts: ServerParts): void {
  const { feedback } = parts;
  if (!feedback) return;
  app.post('/api/v1/feedback', { config: { role: 'write' } }, async (request) => {
    const body = bodyOf(request);
    const forMs = durationOf(body);
    const found = await anomalyOf(parts, request, body.anomaly);
    const { subject, revision, ...data } = found;
    const value: FeedbackValue = {
      anomaly: subject,
      mark: body.mark,
      like: body.like,
      for_ms: forMs,
      note: body.note,
      by: request.identity.name,
      revision,
      data,
    };
    await feedback({ tenant: found.tenant, cluster: found.cluster }, value);
    const until = new Date(parts.now() + forMs).toISOString();
    const { mark, like } = body;
    return success({ anomaly: subject, mark, ...(mark === 'expected' ? { like, until } : {}) });
  });
}

function bodyOf(request: FastifyRequest): Body {
  const read = bodySchema.safeParse(request.body);
  if (read.success) return read.data;
  const what = read.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'body'}: ${message}`,
  );
  throw new ApiError('bad_data', what.join('; '));
}

function durationOf({ mark, for: text }: Body): number {
  if (mark === 'confirmed' && text !== undefined) {
    throw new ApiError('bad_data', 'for: goes with expected; what is confirmed does not expire');
  }
  const ms = parseDuration(text ?? forDefault);
  if (ms > 0 && ms <= forMaxMs) return ms;
  throw new ApiError('bad_data', 'for: from 1ms to ten years; write a duration such as 30d');
}

async function anomalyOf(
  parts: ServerParts,
  request: FastifyRequest,
  subject: string,
): Promise<Found> {
  const found = await parts.intervals('anomalies', {
    tenant: tenantOf(request.identity),
    subjects: [subject],
    states: [],
    clusters: [],
    selectors: [],
    fromMs: undefined,
    toMs: undefined,
    limit: 1,
  });
  if (found[0]) return found[0] as Found;
  throw new ApiError(
    'not_found',
    `there is no anomaly "${subject}" here: it is another tenant's, it is older than what is kept, ` +
      'or it is not an id as "seastate tail anomalies" shows it (subject)',
  );
}
