/** Defaults of the command line for replicas; apart, so that naming them loads no replica. */

/** Replica i listens on this port + i. */
export const DEFAULT_BASE_PORT = 7400
