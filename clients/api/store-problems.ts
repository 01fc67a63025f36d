/** The problems of every endpoint that sends requests to the replicas. */
export const STORE_PROBLEMS = ['stalled', 'unknown', 'refused', 'key-shared', 'no-timestamps'] as const
/** Problems of writes that may have an idempotency key. */
export const IDEMPOTENCY_PROBLEMS = ['already-done', 'idempotency-key-reused'] as const
