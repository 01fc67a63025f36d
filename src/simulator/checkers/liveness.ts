/** Liveness: the events that must follow the calm, their deadline, and the reason if they are missing. */
import type { Sequence } from '../../base/ids.ts'
import { faultsMax, quorum, rankedLargest, weakQuorum } from '../../base/quorum.ts'
import { missingVoters, type Slot } from '../../pbft/ordering/slot.ts'
import { CLOCK_SKEW_MS_MAX, STATUS_REST_TICKS, TIMEOUT_TICKS_MAX } from '../../pbft/parameters.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { primary } from '../../pbft/views/view-state.ts'
import { SILENT_TICKS } from '../../runtime/links/live-links.ts'
import { TICK_MS } from '../../runtime/tick.ts'
import type { Plan } from '../plan/plan.ts'
import type { HistoryEntry, VirtualClient } from '../world/virtual-client.ts'
import { DIAL_MS_MAX } from '../world/virtual-dialing.ts'
import type { VirtualReplica } from '../world/virtual-replica.ts'
import { isAmnesiac } from './replica-view.ts'

/** The longest pause between two retransmissions of a client: 300 ticks and half as many again. */
const CLIENT_BACKOFF_MS = 450 * TICK_MS
/** Two STATUS periods of replicas at rest, in which every replica learns what it lacks, and a few rounds to fetch it. */
const CATCH_UP_MS = 2 * STATUS_REST_TICKS * TICK_MS + 1_300
/**
 * One request in a calm network, if its designated replica is silent or only follows decisions: the client then waits
 * for its usual latency, which its longest pause bounds, before it asks the others.
 */
const CALM_REQUEST_MS = 300 * TICK_MS + 300
/** One decision sent to a lagging replica, without the reading from the disk. */
const CALM_DECISION_MS = 5
/** A stuck link is detected by its silence, and dialed again. */
const STUCK_LINK_MS = SILENT_TICKS * TICK_MS + DIAL_MS_MAX
/** Two processes with one key wait until the replicas and they themselves have forgotten the other one. */
const SHARED_KEY_MS = 1_000 * TICK_MS
/** The maximum number of stuck requests, and of open slots of a replica, in a description. */
const DESCRIBED_MAX = 8

/** Returns true when every request of the load is answered. */
export const isLoadOver = (clients: readonly VirtualClient[]): boolean =>
  clients.every(({ left, open }) => left === 0 && open === 0)

/** The last batch that a correct replica executed or is executing. */
export function lastBegun(replicas: readonly VirtualReplica[]): Sequence {
  const begun = replicas.flatMap(({ isCorrect, isExecuting, running }) =>
    isCorrect && running !== null
      ? [running.runtime.state.ordering.lastExecuted + (isExecuting ? 1 : 0)]
      : [],
  )
  return Math.max(0, ...begun) as Sequence
}

/**
 * Returns true if all running correct replicas have reached the position that the first of them had at the end of the
 * load, and none of them is amnesiac. They need not be equal at one moment, because other clients may still be busy.
 */
export const isSettled = (replicas: readonly VirtualReplica[], final: Sequence): boolean =>
  replicas.every(({ isCorrect, running }) => {
    if (!isCorrect || running === null) return true
    const { state } = running.runtime
    return !isAmnesiac(state) && state.ordering.lastExecuted >= final
  })

/** The longest life of a lease that a run waits for. */
const AWAITED_LIFE_MS = 3_000
/** A lease that ends later than this from now is not waited for. */
const HORIZON_MS = 10_000

/** True if no lease is left that ends soon. Where the load does not ask for that, it is not looked at. */
export const areLeasesOver = ({ workload }: Plan, replicas: readonly VirtualReplica[]): boolean =>
  workload.awaitsLeases !== true ||
  replicas.every(({ isCorrect, running }) => {
    if (!isCorrect || running === null) return true
    const { leases, clock } = running.runtime.state
    return leases.nextExpiry === null || leases.nextExpiry > clock.now + HORIZON_MS
  })

/**
 * The maximum time from the calm to the end, in virtual milliseconds: a client that has just retried waits for its
 * longest pause, once for the request and once for missing results; replicas catch up; unsent requests are sent one
 * after another; missing decisions are read from a disk, two records each; stuck links are replaced; replicas wait
 * for a clock that was ahead; and leases end a skew late at most, or by the next primary.
 */
export function settleBoundMs(
  plan: Plan,
  clients: readonly VirtualClient[],
  replicas: readonly VirtualReplica[],
): number {
  const skews = plan.clocks.flatMap(({ storm, calm }) => [Math.abs(storm.skewMs), Math.abs(calm.skewMs)])
  const rate = Math.min(...plan.clocks.map(({ calm }) => calm.rate))
  const left = Math.max(...clients.map((client) => client.left + client.open))
  const { pauseMsMax } = plan.workload
  const reached = replicas.map(({ running }) => running?.runtime.state.ordering.lastExecuted ?? 0)
  const lagging = Math.max(...reached) - Math.min(...reached)
  const catchUp = CATCH_UP_MS + lagging * (2 * plan.disk.readMs + CALM_DECISION_MS)
  const stuck = plan.faults.some(({ kind }) => kind === 'swallow') ? STUCK_LINK_MS : 0
  const shared = clients.some(({ twinOf }) => twinOf !== null) ? SHARED_KEY_MS : 0
  const views = viewsBoundMs(plan, replicas)
  const leases = plan.workload.awaitsLeases === true ? AWAITED_LIFE_MS + CLOCK_SKEW_MS_MAX + views : 0
  const waiting =
    2 * CLIENT_BACKOFF_MS + catchUp + stuck + shared + views + leases + left * (CALM_REQUEST_MS + pauseMsMax)
  return waiting / rate + 2 * Math.max(...skews)
}

/**
 * The time until a view with a correct primary begins: f faulty primaries in a row, and one more view that begins
 * late. Each costs the wait for a request and the wait for a NEW-VIEW, both doubled each time.
 */
function viewsBoundMs({ n }: Plan, replicas: readonly VirtualReplica[]): number {
  let ticks = Math.max(...replicas.map(({ running }) => running?.runtime.state.patience.timeoutTicks ?? 0))
  let sum = 0
  for (let view = 0; view <= faultsMax(n) + 1; view++) {
    ticks = Math.min(2 * ticks, TIMEOUT_TICKS_MAX)
    sum += 2 * ticks
  }
  return sum * TICK_MS
}

/** The first request of a correct client that was refused without reason, as a sentence; null if there is none. */
export function refusedRequest(clients: readonly VirtualClient[]): string | null {
  for (const client of clients) {
    const refused = client.history.filter(({ refusal }) => refusal !== null)
    const excused = refused.filter(({ refusal }) => refusal === 'another-session' || refusal === 'stale')
    const other = refused.find((each) => !excused.includes(each))
    const [first] = other === undefined && excused.length <= client.excusedMax ? [] : [other ?? excused[0]]
    if (first === undefined) continue
    return `client ${client.index} was refused request ${first.timestamp}: ${String(first.refusal)}`
  }
  return null
}

/** Describes a stuck run: the waiting requests, and the state of each replica, one fact per line. */
export function explainStuck(
  clients: readonly VirtualClient[],
  replicas: readonly VirtualReplica[],
): readonly string[] {
  const stuck = clients.flatMap(stuckRequests)
  const more = stuck.length - DESCRIBED_MAX
  return [
    ...stuck.slice(0, DESCRIBED_MAX),
    ...(more > 0 ? [`and ${more} more`] : []),
    ...laggards(replicas),
    ...replicas.map(replicaLine),
  ]
}

function stuckRequests(client: VirtualClient): readonly string[] {
  const waiting = client.history.filter(({ answeredAtMs }) => answeredAtMs === null)
  const lines = waiting.map((entry) => requestLine(client, entry))
  return client.left > 0
    ? [...lines, `client ${client.index} still has ${client.left} requests to send`]
    : lines
}

function requestLine(client: VirtualClient, { timestamp, invokedAtMs }: HistoryEntry): string {
  const head = `client ${client.index} waits for request ${timestamp} since ${Math.round(invokedAtMs)} ms`
  const pending = client.pending(timestamp)
  if (pending === null) return `${head}: its session has forgotten it`
  const answered = pending.answers.flatMap((answer, replica) => (answer === null ? [] : [replica]))
  const refused = pending.refusals.flatMap((reason, replica) =>
    reason === null ? [] : [`${replica} ${reason}`],
  )
  return `${head}: ${pending.attempts} retransmissions, answered by [${answered}], refused by [${refused}]`
}

function laggards(replicas: readonly VirtualReplica[]): readonly string[] {
  const correct = replicas.filter(({ isCorrect }) => isCorrect)
  const reached = correct.map(({ running }) => running?.runtime.state.ordering.lastExecuted ?? 0)
  const common = rankedLargest(reached, weakQuorum(replicas.length))
  const behind = correct.filter((_, index) => (reached[index] ?? 0) < common).map(({ id }) => id)
  return behind.length === 0 ? [] : [`replicas [${behind}] have not reached ${common}`]
}

function replicaLine({ id, isCorrect, incarnation, running }: VirtualReplica): string {
  const role = `replica ${id}${isCorrect ? '' : ' (traitor)'}, start ${incarnation}`
  if (running === null) return `${role}: down`
  const { state } = running.runtime
  const { view, isActive: active } = state.views
  const { health } = state.recovery
  const { lowWatermark } = state.checkpoints
  const { lastExecuted, slots, heldBack, batches } = state.ordering
  const { withheld } = state.durability
  const unexecuted = [...slots.values()].filter(({ executed }) => executed === null)
  const open = unexecuted.slice(0, DESCRIBED_MAX).map((slot) => slotText(slot, state))
  const counts = `${state.requests.waiting.size} waiting, ${withheld.length} withheld, ${heldBack.size} held back`
  const where = `view ${view}${active ? '' : ' (not begun)'}, h ${lowWatermark}, executed ${lastExecuted}`
  const standing = health === 'sound' ? '' : `, ${health}`
  const why = waitText(state)
  return `${role}: ${where}${standing}, ${counts}, ${batches.bytes} bytes open, ${why}, slots {${open.join('; ')}}`
}

function slotText(slot: Slot, state: ReplicaState): string {
  const has = [
    slot.accepted === null ? null : 'accepted',
    slot.prepared === null ? null : 'prepared',
    slot.decided === null ? null : 'decided',
  ].filter((each) => each !== null)
  const prepares = slot.prepares.filter((vote) => vote !== null).length
  const commits = slot.commits.filter((vote) => vote !== null).length
  const lacks = slot.decided === null ? `, lacks [${missingVoters(slot, primary(state))}]` : ''
  return `${slot.sequence}: ${has.join(' ') || 'nothing'}, ${prepares} prepares, ${commits} commits${lacks}`
}

/** The event that a replica waits for, and its sender. */
function waitText(state: ReplicaState): string {
  const { view, viewChanges, viewChangeTick } = state.views
  const { timer } = state.requests
  const { ticks } = state.clock
  const { timeoutTicks } = state.patience
  const { target: transfer } = state.transfer
  const { config } = state
  if (!state.views.isActive) {
    const came = viewChanges.flatMap((one, sender) => (one !== null && one.view >= view ? [sender] : []))
    const needed = quorum(config.n)
    if (came.length < needed) return `VIEW-CHANGEs of [${came}], ${needed} needed`
    const waited = viewChangeTick === null ? 0 : ticks - viewChangeTick
    return `waits ${waited} of ${timeoutTicks} ticks for the NEW-VIEW of ${primary(state)}`
  }
  if (transfer !== null) return `fetches the state of ${transfer.sequence}`
  if (timer === null) return 'no timer'
  const { waitsFor, startedTick } = timer
  const what =
    waitsFor === null
      ? 'a checkpoint'
      : `request ${waitsFor.timestamp} of client ${waitsFor.client.slice(0, 8)}`
  return `waits ${ticks - startedTick} of ${timeoutTicks} ticks for ${what}`
}
