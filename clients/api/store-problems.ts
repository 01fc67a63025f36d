/** Problems of whatever asks the replicas for something. */
export const STORE_PROBLEMS = ['stalled', 'unknown', 'refused', 'key-shared', 'no-timestamps'] as const
