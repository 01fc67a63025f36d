/** Defaults of the command line for replicas, in a file of their own so that reading them loads no replica. */

/** Replica i listens on this port + i. */
export const DEFAULT_BASE_PORT = 7400
