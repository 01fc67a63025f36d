/** The defaults of the gateway's command line; apart, so that `--help` loads no server. */

export const DEFAULT_GATEWAY_PORT = 8080
/** An operation without an answer becomes `unknown` after this many milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000
