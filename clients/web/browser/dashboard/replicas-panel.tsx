/** The replicas in a circle with the messages between them, and the phases of the last sequence numbers. */
import type { StatusAnswer } from '../../../api/status.ts'
import { DataTable } from '../kit/data-table.tsx'
import { FamilyLegend } from '../kit/family-legend.tsx'
import { MESSAGE_FAMILIES, type MessageFamily } from '../kit/message-families.ts'
import { Panel } from '../kit/page-frame.tsx'
import { type CircleReplica, ReplicaCircle } from '../kit/replica-circle.tsx'
import { type ClusterModel, FLIGHT_MS, type SlotView } from './cluster-model.ts'
import { PHASE_SIGNS, PHASES } from './occurrence-text.ts'

const FAMILIES: ReadonlySet<MessageFamily> = new Set(
  MESSAGE_FAMILIES.map(({ family }) => family).filter(
    (family) => family !== 'checkpoint' && family !== 'other',
  ),
)

type Replica = StatusAnswer['replicas'][number]

function stateOf({ reachable, state, view, evidence, suspected }: Replica, current: number): string {
  if (!reachable) return 'no answer'
  if (evidence.length > 0) return 'convicted'
  if (state !== null && state !== 'voting') return state
  if (view !== null && view !== current) return `view ${view}`
  return suspected ? 'suspected' : 'votes'
}

export function ReplicasPanel(props: {
  readonly model: ClusterModel
  readonly status: StatusAnswer
  readonly traitors: ReadonlySet<number>
  readonly now: number
}) {
  const { model, status, traitors, now } = props
  const replicas: readonly CircleReplica[] = status.replicas.map((replica) => ({
    id: replica.id,
    state: stateOf(replica, status.view),
    isPrimary: replica.id === status.primary,
    isTraitor: traitors.has(replica.id) || replica.evidence.length > 0,
    isDown: !replica.reachable,
    timer: model.timerOf(replica.id, now)?.share ?? null,
  }))
  const messages = model.flights
    .filter(({ startsAt }) => startsAt <= now)
    .map((flight) => ({ ...flight, progress: Math.min(1, (now - flight.startsAt) / FLIGHT_MS) }))
  return (
    <Panel
      title="Replicas"
      aside={`view ${status.view}, primary ${status.primary}, revision ${status.revision}`}
      class="replicas"
    >
      <ReplicaCircle
        label={`${status.n} replicas; replica ${status.primary} is the primary of view ${status.view}`}
        replicas={replicas}
        messages={messages}
      />
      <FamilyLegend families={FAMILIES} />
      <Phases slots={model.slots} n={status.n} omitted={Math.max(0, ...model.omitted.values())} />
    </Panel>
  )
}

/** A column for each of the last sequence numbers, a row for each replica. */
function Phases(props: {
  readonly slots: readonly SlotView[]
  readonly n: number
  readonly omitted: number
}) {
  const { slots, n, omitted } = props
  if (slots.length === 0) {
    return (
      <p class="faint">
        No request has been ordered while you looked. Set a key below, and watch its phases.
      </p>
    )
  }
  return (
    <>
      <div class="phases">
        <DataTable
          caption={`Sequence numbers, as each replica tells them: ${PHASES.map((phase) => `${PHASE_SIGNS[phase]} ${phase}`).join(', ')}`}
          columns={['replica', ...slots.map(({ sequence }) => `${sequence}`)]}
          rows={Array.from({ length: n }, (_, id) => ({
            key: id,
            cells: [id, ...slots.map((slot) => <PhaseCell key={slot.sequence} slot={slot} replica={id} />)],
          }))}
        />
      </div>
      {omitted > 0 && (
        <p class="faint">
          There is more than fits a page: replicas left out {omitted} occurrences, always whole sequence
          numbers.
        </p>
      )}
    </>
  )
}

/** A replica that has another digest than most is marked: two batches were told for one sequence number. */
function PhaseCell({ slot, replica }: { readonly slot: SlotView; readonly replica: number }) {
  const phase = slot.phases[replica]
  const digest = slot.digests[replica]
  if (phase === undefined || phase === null) return <span class="none">·</span>
  const known = slot.digests.filter((each) => each !== undefined)
  const others = known.filter((each) => each !== digest).length
  const isOdd = digest !== undefined && others > 0 && others >= known.length / 2
  const words = `${phase}${digest === undefined ? '' : `, digest ${digest}…`}${isOdd ? ', not that of the others' : ''}`
  return (
    <span class={`phase ${phase} ${isOdd ? 'odd' : ''}`} title={words}>
      <span aria-hidden="true">{PHASE_SIGNS[phase]}</span>
      <span class="unseen">{words}</span>
    </span>
  )
}
