import { outputTopics } from '../../log/topics.ts';

/**
 * What can be followed beside the topics of users; apart from the work, for the help to be quick.
 */
export const tailSubjects = [...outputTopics, 'metrics', 'kubernetes-events'] as const;
