/**
 * Every limit on what may come over a wire, with its unit. The ones in `LIMITS_IN_CLUSTER_ID` are part of the cluster
 * id: replicas that disagreed about one would disagree about what is admissible.
 */
const KIB = 1024
const MIB = 1024 * KIB

/** 3: the state holds the history of its keys, and revisions begin at 1. 2: requests and replies carry their session's nonce. */
export const PROTOCOL_VERSION = 3

/** Bytes of one frame after its length field. A length above it ends the link before anything is buffered. */
export const FRAME_BYTES_MAX = 8 * MIB
/** Bytes of a frame's msgpack payload; what is larger belongs in a body. */
export const PAYLOAD_BYTES_MAX = 4 * KIB
/** Bytes of a frame's authentication: one signature, or one MAC for each of 13 replicas. */
export const AUTHENTICATION_BYTES_MAX = 256
/** Items in one payload, nested arrays included. */
export const PAYLOAD_ITEMS_MAX = 256
/** Depth of nested arrays in a payload. */
export const PAYLOAD_DEPTH_MAX = 4

/**
 * The largest number that a message names: a view, a sequence number, a timestamp, a time, a count. The sum of any two is
 * a safe integer, so nothing that a peer names takes the core's arithmetic out of the safe integers.
 */
export const COUNTER_MAX = 2 ** 52 - 1

/** Bytes of one request: the whole frame without its length field. */
export const REQUEST_BYTES_MAX = 2 * MIB
/** Bytes of the results of one request. */
export const RESULT_BYTES_MAX = 2 * MIB
/** Requests in one batch. */
export const BATCH_REQUESTS_MAX = 1024
/** Bytes of one batch as it stands in a PRE-PREPARE's body: any admissible request fits alone. */
export const BATCH_BYTES_MAX = 4 * MIB
/** Requests that one client may have in flight; also how far below t* its floor lies. */
export const CLIENT_WINDOW = 64
/** Bytes of the nonce that distinguishes the sessions of one client key. */
export const SESSION_NONCE_BYTES = 16

/** K: a checkpoint is due every K batches, unless the cluster was made with fewer; there are never more. */
export const CHECKPOINT_INTERVAL = 128
export const CHECKPOINT_INTERVAL_MIN = 4
/** L = 2K: sequence numbers that the log spans. */
export const logWindowOf = (checkpointInterval: number): number => 2 * checkpointInterval
/** The largest L. */
export const LOG_WINDOW = logWindowOf(CHECKPOINT_INTERVAL)

/** Pages asked for by one PAGE-FETCH, and the depth of a tree: how long a page's path may be. */
export const PAGES_PER_FETCH_MAX = 16
export const PAGE_DEPTH_MAX = 12

/** Pieces of evidence kept against one replica: one is enough to convict, and a liar shall not fill the log. */
export const EVIDENCE_PER_REPLICA_MAX = 8

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64
/** Bytes of one MAC inside a message. */
export const MAC_BYTES = 16
/** Bytes of the MAC behind every frame of a link. */
export const LINK_TAG_BYTES = 16

/** In this order they enter the cluster id, each as eight bytes; then K and L. */
export const LIMITS_IN_CLUSTER_ID: readonly number[] = [
  FRAME_BYTES_MAX,
  REQUEST_BYTES_MAX,
  RESULT_BYTES_MAX,
  BATCH_REQUESTS_MAX,
  BATCH_BYTES_MAX,
  CLIENT_WINDOW,
]
