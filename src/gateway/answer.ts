import type { IntakeResult, RejectionReason } from '../formats/remote-write/intake.ts';
import type { LaterReason, RefusalReason } from './counters.ts';

/** What the sender is told was written: accepted pieces, those filtered on purpose among them. */
export interface Written {
  readonly samples: number;
  readonly histograms: number;
  readonly exemplars: number;
}

/**
 * `written`: all of it is durable. `rejected`: what is good is durable, the rest never will be.
 * `too_large`: nothing was looked at, and never will be. `later`: try again, all of it.
 */
export type WriteAnswer =
  | { readonly outcome: 'written'; readonly written: Written }
  | {
      readonly outcome: 'rejected' | 'too_large';
      readonly written: Written;
      readonly message: string;
    }
  | {
      readonly outcome: 'later';
      readonly reason: LaterReason;
      readonly written: Written;
      readonly message: string;
      readonly retryAfterSeconds: number;
    };

export const nothingWritten: Written = { samples: 0, histograms: 0, exemplars: 0 };

export const later = (
  reason: LaterReason,
  message: string,
  retryAfterSeconds: number,
): WriteAnswer => ({
  outcome: 'later',
  reason,
  written: nothingWritten,
  message,
  retryAfterSeconds,
});

export const refused = (reason: RefusalReason, message: string): WriteAnswer => ({
  outcome: reason === 'body_too_large' ? 'too_large' : 'rejected',
  written: nothingWritten,
  message,
});

/** What people read behind a reason. */
const explanations: Record<RejectionReason, string> = {
  no_metric_name: 'no __name__, or an empty one',
  empty_label_name: 'a label without a name',
  duplicate_label: 'a label given twice',
  invalid_utf8: 'a label that is not UTF-8',
  too_many_labels: 'more labels than allowed',
  label_too_long: 'a label longer than allowed',
  ref_out_of_range: 'a reference outside of the symbol table',
  odd_refs: 'a label without its value',
  samples_and_histograms: 'samples and histograms in one entry',
  histogram_invalid: 'a histogram that contradicts itself',
  exemplar_invalid: 'an exemplar without value, time or valid labels',
};

/**
 * The message of a request of which some series were rejected, for people; bounded. Prometheus
 * logs its first line only, so that names count, reasons and the first series.
 */
export function rejectionMessage(result: IntakeResult, bytesMax: number): string {
  const { rejected, reasons, rejections, length } = result;
  const samples = rejected.samples + rejected.histograms;
  const counts = [...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ');
  const told = rejections.map(
    ({ index, reason, series }) => `series ${index} ${series}: ${reason}`,
  );
  const lines = [
    `${rejected.series} of ${length} series rejected (${samples} samples), the others are written: ` +
      `${counts}; ${told[0] ?? ''}`,
    ...told.slice(1),
    ...[...reasons.keys()].map((reason) => `${reason}: ${explanations[reason]}`),
  ];
  const message = lines.join('\n');
  return message.length <= bytesMax ? message : `${message.slice(0, bytesMax - 3)}...`;
}
