/** Names and values of labels. Empty values are left out, as Prometheus does. */
export type Labels = Readonly<Record<string, string>>;
