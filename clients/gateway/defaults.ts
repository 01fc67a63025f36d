/** The defaults of the gateway's command line, in a file of their own so that `--help` loads no server. */

export const DEFAULT_GATEWAY_PORT = 8080
/** The time after which an operation without an answer becomes `unknown`, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000
