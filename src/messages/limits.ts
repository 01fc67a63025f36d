/**
 * The limits on everything that is received, each with its unit. Those in `LIMITS_IN_CLUSTER_ID` are part of the
 * cluster id: replicas with different limits would disagree about which messages are admissible.
 */
const KIB = 1024
const MIB = 1024 * KIB

/**
 * The version of the protocol. 2: requests and replies carry their session's nonce. 3: the state holds the history of
 * its keys. 4: the state holds leases. 5: the state holds idempotency keys.
 */
export const PROTOCOL_VERSION = 5

/** The bytes of one frame after its length field. A greater length ends the link before anything is buffered. */
export const FRAME_BYTES_MAX = 8 * MIB
/** The bytes of a frame's msgpack payload; larger data belongs in a body. */
export const PAYLOAD_BYTES_MAX = 4 * KIB
/** Bytes of a frame's authentication: one signature, or one MAC for each of 13 replicas. */
export const AUTHENTICATION_BYTES_MAX = 256
/** The items in one payload, including those of nested arrays. */
export const PAYLOAD_ITEMS_MAX = 256
/** The depth of nested arrays in a payload. */
export const PAYLOAD_DEPTH_MAX = 4

/**
 * The largest number in a message: a view, a sequence number, a timestamp, a time, a count. The sum of any two is a
 * safe integer, so a peer's numbers cannot make the core's arithmetic inexact.
 */
export const COUNTER_MAX = 2 ** 52 - 1

/** Bytes of one request: the whole frame without its length field. */
export const REQUEST_BYTES_MAX = 2 * MIB
/** Bytes of the results of one request. */
export const RESULT_BYTES_MAX = 2 * MIB
/** Requests in one batch. */
export const BATCH_REQUESTS_MAX = 1024
/** The bytes of one batch in a PRE-PREPARE's body. Any admissible request fits alone. */
export const BATCH_BYTES_MAX = 4 * MIB
/** The number of requests that one client may have in flight, which is also the distance of its floor below t*. */
export const CLIENT_WINDOW = 64
/** Bytes of the nonce that distinguishes the sessions of one client key. */
export const SESSION_NONCE_BYTES = 16

/** K: a checkpoint is due every K batches. A cluster may be created with a smaller K, never with a larger one. */
export const CHECKPOINT_INTERVAL = 128
export const CHECKPOINT_INTERVAL_MIN = 4
/** Returns L = 2K, the number of sequence numbers that the log spans. */
export const logWindowOf = (checkpointInterval: number): number => 2 * checkpointInterval
/** The largest L. */
export const LOG_WINDOW = logWindowOf(CHECKPOINT_INTERVAL)

/**
 * The number of pages that one PAGE-FETCH asks for, and the depth of a tree, which limits the length of a page's path.
 */
export const PAGES_PER_FETCH_MAX = 16
export const PAGE_DEPTH_MAX = 12

/**
 * The number of pieces of evidence kept against one replica. One is enough to convict; the limit keeps a faulty replica
 * from filling the log.
 */
export const EVIDENCE_PER_REPLICA_MAX = 8

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
/** Bytes of one MAC inside a message. */
export const MAC_BYTES = 16
/** The bytes of the MAC after every frame of a link. */
export const LINK_TAG_BYTES = 16

/** The limits in the order in which they enter the cluster id, each as eight bytes; then K and L. */
export const LIMITS_IN_CLUSTER_ID: readonly number[] = [
  FRAME_BYTES_MAX,
  REQUEST_BYTES_MAX,
  RESULT_BYTES_MAX,
  BATCH_REQUESTS_MAX,
  BATCH_BYTES_MAX,
  CLIENT_WINDOW,
]
