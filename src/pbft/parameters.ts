/** The protocol's own bounds and periods. A tick is what the runtime makes it: 10 ms by default. */
const MIB = 1024 * 1024

/**
 * Sequence numbers that a primary has open at once (rule 1.10). More of them means smaller batches: of 1, 2 and 4, two
 * gave the highest throughput with four replicas on two cores.
 */
export const PIPELINE_WINDOW = 2
/**
 * The most by which a proposed time may be ahead of this replica's clock before it is held back (rule 1.2), in
 * milliseconds.
 */
export const CLOCK_SKEW_MS_MAX = 1_000
/** Pre-prepares held back at once for their time. */
export const HELD_BACK_MAX = 16

/** Requests that wait for execution: in all bytes, in one client's bytes, and in one client's number. */
export const WAITING_BYTES_MAX = 128 * MIB
export const WAITING_BYTES_PER_CLIENT_MAX = 16 * MIB
export const WAITING_PER_CLIENT_MAX = 128

/**
 * The lane at the primary for the requests that one backup relays (rule 1.9), beside the clients' rooms: in bytes and
 * in number. A lane takes any admissible request, and all that one backup relays of one client at once.
 */
export const LANE_BYTES_MAX = 4 * MIB
export const LANE_REQUESTS_MAX = 16
/** Requests of one client that a backup has passed on and that are not executed yet (rule 1.1). */
export const RELAYED_PER_CLIENT_MAX = 16

/** Places in one batch that a client has beyond those of all others together, while others wait too (rule 5.5). */
export const PLACES_CONTESTED = 8

/** Bytes of accepted batches that are not yet executed. The next one to execute is always taken. */
export const UNEXECUTED_BYTES_MAX = 64 * MIB

/**
 * T: ticks a waiting request may take before its primary is suspected (rule 1.9), and a NEW-VIEW may take once Q replicas
 * ask for it (rule 3.6). It doubles with each view that serves nobody, and shrinks again to a floor that follows what
 * ordering takes, but is never below this.
 */
export const REQUEST_TIMEOUT_TICKS = 50
export const TIMEOUT_TICKS_MAX = 6_000
/** The least timeout, as a multiple of the measured ordering latency. */
export const TIMEOUT_PER_LATENCY = 8
/** T that a batch may take in oral mode, from when it is the next one, before its replica leaves the view (rule 4.8). */
export const STUCK_TIMEOUTS = 2
/** Oldest waiting requests served in one view, in a row, before T shrinks by half. */
export const PROGRESS_BEFORE_SHRINKING = 16
/** Ticks for which a primary that is suspected of silence has still the benefit of the doubt, once a request waits. */
export const SUSPECTED_TIMEOUT_TICKS = 3
/**
 * Ticks after which a backup passes on what a client sent it: clients send some requests to a backup beside the primary
 * (rule 5.4), and a primary that learned at once which ones would serve those, and only those, in time.
 */
export const RELAY_AFTER_TICKS = 2
/** Ticks after which a backup passes its oldest waiting requests on once more, and how many of them (rule 1.1). */
export const RELAY_AGAIN_TICKS = 25
export const RELAYED_AGAIN_MAX = 8
/** Ticks between two STATUS messages when all is level, and while something is behind (rule 1.11). */
export const STATUS_IDLE_TICKS = 10
export const STATUS_BUSY_TICKS = 5
/** Ticks a slot may stay open before its votes count as lost and are sent again. */
export const RESEND_AFTER_TICKS = 10
/** Decided batches asked for at once, the first to be executed first. */
export const FETCHES_MAX = 8
/** Decisions served for one STATUS. */
export const SERVED_DECISIONS_MAX = 32
/** Messages of views not entered yet, for each sender: in number and in bytes (rule 1.5). */
export const EARLY_PER_SENDER_MAX = 1_024
export const EARLY_BYTES_PER_SENDER_MAX = 8 * MIB
/** Waiting requests that a backup hands to the primary of a new view at once (rule 3.9); the rest follows one by one. */
export const HANDED_OVER_MAX = 64
/** Ticks between two retransmissions of a NEW-VIEW, a VIEW-CHANGE or a stable certificate to one peer. */
export const VIEW_RESEND_TICKS = 20
/** Views of whose VIEW-CHANGEs one replica's acknowledgements are kept (rule 4.3): a liar takes its own room only. */
export const ACKED_VIEWS_MAX = 4
/** CHECKPOINTs kept of one sender: the window holds two. */
export const CHECKPOINTS_PER_SENDER_MAX = 4
/**
 * EXHIBITs of messages that contradict known ones, in each period of `EXHIBITS_PERIOD_TICKS` (rule 1.5). Evidence itself
 * is not counted.
 */
export const EXHIBITS_MAX = 8
export const EXHIBITS_PERIOD_TICKS = 10
/** Ticks without progress below a stable checkpoint, after which its state is fetched instead (rule 2.5). */
export const TRANSFER_AFTER_TICKS = 30
/** Ticks for which a replica that starts waits for what the others have from it (rule 6.4). */
export const RECALL_TICKS = 30
/** Ticks between two attempts of an amnesiac replica to have its recovery operation ordered (rule 6.4). */
export const RECOVERY_RETRY_TICKS = 50

/**
 * The least length of a window over which a primary is judged (rule 5.4), in ticks and in requests whose
 * waiting was seen here, at least; it is bad in so many windows in a row before anybody complains.
 */
export const WINDOW_TICKS_MIN = 50
export const WINDOW_SAMPLES_MIN = 8
export const BAD_WINDOWS_MIN = 3
/** The most that `BAD_WINDOWS_MIN` grows to, doubled each time that f + 1 primaries were no better than one another. */
export const BAD_WINDOWS_MAX = 64
/** Ticks of a new view that are not judged. */
export const GRACE_TICKS = 20
/** The share of the best throughput that a primary must deliver, in bytes of operations. */
export const THROUGHPUT_SHARE_MIN = 0.9
/** The most that requests may wait: a multiple of their waiting under the best throughput, and ticks more. */
export const WAITING_FACTOR_MAX = 1.25
export const WAITING_SLACK_TICKS = 0.25
/** The most that a proposal may take: so many times what it takes to order it once it is there, and ticks more. */
export const LAG_PER_ORDERING_MAX = 8
export const LAG_SLACK_TICKS = 5
/** Batches with room left that may pass over a request which the primary has, and ticks that it then has to wait. */
export const PASSED_OVER_MAX = 8
export const PASSED_OVER_TICKS = 15
/** Ticks for which a complaint stands. */
export const COMPLAINT_TICKS = 3_000
/** Ticks for which a primary stays on the blacklist: ten minutes. */
export const BLACKLISTED_TICKS = 60_000
