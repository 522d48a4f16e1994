/** What the server has answered since its start, as plain numbers. */
export class HttpCounters {
  /** Answers by route and status, such as `/api/v1/write 204`; unknown paths are one route. */
  readonly answers = new Map<string, number>();
  /** Connections that sent what is no request, or none in time. */
  clientErrors = 0;
  /** Connections that were ended at once because there were too many. */
  connectionsRefused = 0;

  count(route: string, status: number): void {
    const key = `${route} ${status}`;
    this.answers.set(key, (this.answers.get(key) ?? 0) + 1);
  }
}
