/**
 * What the replicated sessions say of a request (rule 1.8):
 * `new` it was not executed and may be; `executed` it was, and its results answer it again; `stale` its timestamp is
 * at or below the client's floor; `timestamp-reused` its timestamp was executed with another digest;
 * `unknown-client` no such client is admitted.
 */
export type Standing = 'new' | 'executed' | 'stale' | 'timestamp-reused' | 'unknown-client'
