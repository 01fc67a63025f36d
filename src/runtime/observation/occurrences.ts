/**
 * The occurrences of one step: what an observer of the protocol would note, from the event, its effects, and the state
 * before and after. It changes nothing, so the core stays as it is whether or not somebody looks.
 */
import { readU32 } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import type { OccurrenceKind } from '../../messages/occurrence.ts'
import type { Effect, Event, LogRecord } from '../../pbft/effects.ts'
import type { ReplicaState } from '../../pbft/state.ts'
import { suspectedBy } from '../../pbft/views/suspicion.ts'

/** The part of the state that is compared before and after a step. */
export interface Outlook {
  readonly view: View
  readonly isActive: boolean
  readonly suspected: readonly ReplicaId[]
  readonly blacklisted: readonly ReplicaId[]
}

/** An occurrence without its time. */
export interface Noted {
  readonly kind: OccurrenceKind
  readonly view: View
  readonly sequence: Sequence
  readonly peer: ReplicaId | null
  readonly digest: number
}

const NO_SEQUENCE = 0 as Sequence

export const outlookOf = (state: ReplicaState): Outlook => ({
  view: state.views.view,
  isActive: state.views.isActive,
  suspected: suspectedBy(state),
  blacklisted: state.suspicion.blacklist.all.map(({ replica }) => replica),
})

/** Returns the state's outlook after an event. Suspicion changes with time, so it is asked at ticks only. */
export function outlookAfter(before: Outlook, event: Event, state: ReplicaState): Outlook {
  if (event.kind === 'ticked') return outlookOf(state)
  const { view, isActive } = state.views
  return view === before.view && isActive === before.isActive ? before : { ...before, view, isActive }
}

/** Returns the occurrences of a step, in their order. */
export function occurrencesOf(
  event: Event,
  effects: readonly Effect[],
  { before, after }: { readonly before: Outlook; readonly after: Outlook },
): readonly Noted[] {
  const { view } = after
  return [
    ...ofEvent(event, view),
    ...effects.flatMap((effect) => ofEffect(effect, view)),
    ...(before === after ? [] : ofOutlook(before, after)),
  ]
}

function ofEvent(event: Event, view: View): readonly Noted[] {
  switch (event.kind) {
    case 'executed':
      return [noted('executed', view, { sequence: event.sequence })]
    case 'transferred':
      return [noted('transferred', view, { sequence: event.stable.sequence, digest: event.stable.root })]
    case 'received': {
      const { message } = event
      if (message.kind !== 'prepare' && message.kind !== 'commit') return []
      const { sequence, digest, sender: peer } = message
      return [noted(`${message.kind}-vote`, message.view, { sequence, digest, peer })]
    }
    default:
      return []
  }
}

function ofEffect(effect: Effect, view: View): readonly Noted[] {
  if (effect.kind === 'persist') return ofRecord(effect.record, view)
  if (effect.kind !== 'transfer') return []
  const { sequence, root: digest } = effect.stable
  return [noted('transfer-begun', view, { sequence, digest })]
}

function ofRecord(record: LogRecord, view: View): readonly Noted[] {
  switch (record.kind) {
    case 'proposed': {
      const { sequence, batch } = record.content
      return [noted('proposed', record.content.view, { sequence, digest: batch.digest })]
    }
    case 'accepted': {
      const { sequence, digest } = record.prePrepare
      return [noted('accepted', record.prePrepare.view, { sequence, digest })]
    }
    case 'prepared': {
      const { sequence, digest, view: of } = record.certificate.prePrepare
      return [noted('prepared', of, { sequence, digest })]
    }
    case 'decided': {
      const [commit] = record.commits
      if (commit === undefined) return []
      return [noted('committed', commit.view, { sequence: commit.sequence, digest: commit.digest })]
    }
    case 'checkpoint':
      return [noted('checkpoint', view, { sequence: record.sequence, digest: record.root })]
    case 'stable':
      return [noted('stable', view, { sequence: record.stable.sequence, digest: record.stable.root })]
    case 'evidence': {
      if (!record.isNew) return []
      const { guilty, first } = record.evidence
      return [noted('convicted', view, { peer: guilty, sequence: first.sequence })]
    }
    case 'recovery':
      return [noted('recovery-asked', view, {})]
    case 'healed':
      return [noted('healed', record.view, {})]
    default:
      return []
  }
}

function ofOutlook(before: Outlook, after: Outlook): readonly Noted[] {
  const { view } = after
  const each = (kind: OccurrenceKind, now: readonly ReplicaId[], then: readonly ReplicaId[]) =>
    now.filter((peer) => !then.includes(peer)).map((peer) => noted(kind, view, { peer }))
  const hasMoved = view !== before.view || after.isActive !== before.isActive
  return [
    ...(hasMoved ? [noted(after.isActive ? 'view-entered' : 'view-left', view, {})] : []),
    ...each('suspected', after.suspected, before.suspected),
    ...each('trusted', before.suspected, after.suspected),
    ...each('blacklisted', after.blacklisted, before.blacklisted),
  ]
}

function noted(
  kind: OccurrenceKind,
  view: View,
  about: {
    readonly sequence?: Sequence
    readonly peer?: ReplicaId
    readonly digest?: Uint8Array
  },
): Noted {
  const { sequence = NO_SEQUENCE, peer = null, digest } = about
  return { kind, view, sequence, peer, digest: digest === undefined ? 0 : readU32(digest, 0) }
}
