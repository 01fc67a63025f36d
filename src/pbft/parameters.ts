/** The bounds and periods of the protocol. The runtime sets the length of a tick: 10 ms by default. */
const MIB = 1024 * 1024

/**
 * The number of sequence numbers that a primary has open at once (rule 1.10). A higher number means smaller batches. Of
 * 1, 2 and 4, two gave the highest throughput with four replicas on two cores.
 */
export const PIPELINE_WINDOW = 2
/**
 * The largest lead of a proposed time over this replica's clock before the pre-prepare is held back (rule 1.2), in
 * milliseconds. Its lag may be as large while T is `REQUEST_TIMEOUT_TICKS`, and grows with T.
 */
export const CLOCK_SKEW_MS_MAX = 1_000
/** The number of pre-prepares held back at once because of their time. */
export const HELD_BACK_MAX = 16

/** The limits on waiting requests: the bytes of all, the bytes of one client's, and the number of one client's. */
export const WAITING_BYTES_MAX = 128 * MIB
export const WAITING_BYTES_PER_CLIENT_MAX = 16 * MIB
export const WAITING_PER_CLIENT_MAX = 128

/**
 * The lane at the primary for requests that one backup relays (rule 1.9), apart from the clients' rooms: in bytes and
 * in number. A lane accepts any admissible request, and all requests of one client that a backup relays at once.
 */
export const LANE_BYTES_MAX = 4 * MIB
export const LANE_REQUESTS_MAX = 16
/** The number of unexecuted requests of one client that a backup may have relayed (rule 1.1). */
export const RELAYED_PER_CLIENT_MAX = 16

/**
 * The number of places in one batch that a client may have beyond those of all others together, while others wait too
 * (rule 5.5).
 */
export const PLACES_CONTESTED = 8

/** The bytes of accepted batches that are not executed yet. The next batch to execute is always accepted. */
export const UNEXECUTED_BYTES_MAX = 64 * MIB

/**
 * T: the ticks that a waiting request may take before its primary is suspected (rule 1.9), and that a NEW-VIEW may take
 * once Q replicas ask for it (rule 3.6). T doubles with each view that serves no request. It shrinks again to a floor
 * that follows the ordering time, but is never below this value.
 */
export const REQUEST_TIMEOUT_TICKS = 50
export const TIMEOUT_TICKS_MAX = 6_000
/** The least timeout, as a multiple of the measured ordering latency. */
export const TIMEOUT_PER_LATENCY = 8
/** The number of periods T that the next batch may take in oral mode before this replica leaves the view (rule 4.8). */
export const STUCK_TIMEOUTS = 2
/** The number of oldest waiting requests served in a row in one view before T is halved. */
export const PROGRESS_BEFORE_SHRINKING = 16
/** The ticks that a silent primary under suspicion is still given once a request waits. */
export const SUSPECTED_TIMEOUT_TICKS = 3
/**
 * The ticks after which a backup relays a client's request. Clients send some requests to a backup as well as to the
 * primary (rule 5.4). A primary that learned at once which requests a backup has could serve only those in time.
 */
export const RELAY_AFTER_TICKS = 2
/**
 * The ticks after which a backup relays its oldest waiting requests again, and the number of these requests (rule 1.1).
 */
export const RELAY_AGAIN_TICKS = 25
export const RELAYED_AGAIN_MAX = 8
/** The ticks between two STATUS messages when no replica is behind, and while one is behind (rule 1.11). */
export const STATUS_IDLE_TICKS = 10
export const STATUS_BUSY_TICKS = 5
/**
 * The ticks between two STATUS messages of a replica that rests, and the ticks without an executed batch after which it
 * does. The others expect it to rest earlier, since they may have executed the last batch later.
 */
export const STATUS_REST_TICKS = 100
export const REST_AFTER_TICKS = 200
export const REST_EXPECTED_TICKS = 100
/** The ticks that a slot may stay open before its votes count as lost and are resent. */
export const RESEND_AFTER_TICKS = 10
/** The number of decided batches requested at once, in the order of execution. */
export const FETCHES_MAX = 8
/** Decisions served for one STATUS. */
export const SERVED_DECISIONS_MAX = 32
/** Messages of views not entered yet, for each sender: in number and in bytes (rule 1.5). */
export const EARLY_PER_SENDER_MAX = 1_024
export const EARLY_BYTES_PER_SENDER_MAX = 8 * MIB
/**
 * The number of waiting requests that a backup relays to a new primary at once (rule 3.9). The rest follows one by one.
 */
export const HANDED_OVER_MAX = 64
/** Ticks between two retransmissions of a NEW-VIEW, a VIEW-CHANGE or a stable certificate to one peer. */
export const VIEW_RESEND_TICKS = 20
/**
 * The number of views for which one replica's acknowledgements are kept (rule 4.3). A faulty replica uses up its own
 * room only.
 */
export const ACKED_VIEWS_MAX = 4
/** The number of CHECKPOINTs kept of one sender: the window holds two. */
export const CHECKPOINTS_PER_SENDER_MAX = 4
/**
 * The number of EXHIBITs with conflicting messages in each period of `EXHIBITS_PERIOD_TICKS` (rule 1.5). Evidence
 * itself is not counted.
 */
export const EXHIBITS_MAX = 8
export const EXHIBITS_PERIOD_TICKS = 10
/**
 * The number of sequence numbers for which a limit on unsynced votes is logged at once (rule 6.5). A replica that
 * restarts abstains for at most this many. A higher number means fewer records and a longer abstention.
 */
export const VOTE_LIMIT_ROOM = 32
/** Ticks without progress below a stable checkpoint, after which its state is fetched instead (rule 2.5). */
export const TRANSFER_AFTER_TICKS = 30
/** The ticks for which a starting replica waits for the others' answers about its messages (rule 6.4). */
export const RECALL_TICKS = 30
/** Ticks between two attempts of an amnesiac replica to have its recovery operation ordered (rule 6.4). */
export const RECOVERY_RETRY_TICKS = 50

/**
 * The least length of a window in which a primary is judged (rule 5.4), in ticks and in requests that this replica saw
 * waiting; and the number of bad windows in a row before this replica complains.
 */
export const WINDOW_TICKS_MIN = 50
export const WINDOW_SAMPLES_MIN = 8
export const BAD_WINDOWS_MIN = 3
/**
 * The most that `BAD_WINDOWS_MIN` grows to. It doubles each time that f + 1 primaries were no better than one another.
 */
export const BAD_WINDOWS_MAX = 64
/** The number of ticks at the start of a view that are not judged. */
export const GRACE_TICKS = 20
/** The share of the best throughput that a primary must deliver, in bytes of operations. */
export const THROUGHPUT_SHARE_MIN = 0.9
/** The longest that requests may wait: a multiple of their waiting time at the best throughput, plus some ticks. */
export const WAITING_FACTOR_MAX = 1.25
export const WAITING_SLACK_TICKS = 0.25
/** The longest that a proposal may take: a multiple of the time to order it afterwards, plus some ticks. */
export const LAG_PER_ORDERING_MAX = 8
export const LAG_SLACK_TICKS = 5
/**
 * The number of batches with room left that may pass over a request which the primary has, and the ticks that the
 * request must then have waited.
 */
export const PASSED_OVER_MAX = 8
export const PASSED_OVER_TICKS = 15
/** The ticks for which a complaint is valid. */
export const COMPLAINT_TICKS = 3_000
/** Ticks for which a primary stays on the blacklist: ten minutes. */
export const BLACKLISTED_TICKS = 60_000
