/** The grounds on which a replica leaves a view at a tick, as far as what it has received and sent shows them. */
import type { ReplicaId, View } from '../../base/ids.ts'
import { primaryOf, weakQuorum } from '../../base/quorum.ts'
import type { Effect } from '../../pbft/effects.ts'
import type { TracedStep } from './trace.ts'

/** `complaint`: f + 1 replicas complain about the primary. `primary`: the primary has left after a restart. */
export type LeavingGround = 'timer' | 'complaint' | 'primary'

type Status = { readonly view: number; readonly complaint: string | null }

/** A replica's view, and what it has heard of each sender. */
interface Hearer {
  view: number
  readonly statuses: Map<ReplicaId, Status>
  /** The views of the last VIEW-CHANGEs. */
  readonly moved: Map<ReplicaId, number>
}

export class LeavingGrounds {
  readonly #n: number
  readonly #hearers = new Map<ReplicaId, Hearer>()
  /** True if votes leave before they are on disk: only then does a primary leave its own view at once (rule 6.5). */
  #isUnsynced = false

  constructor(n: number) {
    this.#n = n
  }

  note({ replica, event, effects }: TracedStep): void {
    const hearer = this.#hearer(replica)
    if (event.kind === 'received') {
      const { message } = event
      if (message.kind === 'status') hearer.statuses.set(message.sender, message)
      if (message.kind === 'view-change') hearer.moved.set(message.sender, message.view)
    }
    for (const effect of effects) {
      if (effect.kind === 'persist') {
        const { record } = effect
        if (record.kind === 'vote-limit') this.#isUnsynced = true
        if (record.kind === 'view-change' || record.kind === 'new-view-made')
          hearer.view = record.content.view
        if (record.kind === 'new-view') hearer.view = record.newView.view
      }
      const status = statusIn(effect)
      if (status === null) continue
      hearer.view = status.view
      hearer.statuses.set(replica, status)
    }
  }

  /** The ground on which this replica leaves its view, if it does so at a tick. */
  of(replica: ReplicaId): LeavingGround {
    const { view, statuses, moved } = this.#hearer(replica)
    const all = [...statuses.values()]
    const complaining = all.filter((each) => each.view === view && each.complaint !== null).length
    const left = all.filter((each) => each.view > view).length
    if (complaining > 0 && complaining + left >= weakQuorum(this.#n)) return 'complaint'
    const ofPrimary = moved.get(primaryOf(view as View, this.#n)) ?? 0
    return this.#isUnsynced && ofPrimary > view ? 'primary' : 'timer'
  }

  #hearer(replica: ReplicaId): Hearer {
    const known = this.#hearers.get(replica) ?? { view: 0, statuses: new Map(), moved: new Map() }
    this.#hearers.set(replica, known)
    return known
  }
}

function statusIn(effect: Effect): Status | null {
  if (effect.kind !== 'broadcast' && effect.kind !== 'send') return null
  return effect.outgoing.kind === 'status' ? effect.outgoing : null
}
