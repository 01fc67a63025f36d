/** Checks every step of every correct replica against the specification of the rules, a second opinion on them. */
import type { ReplicaId, Sequence } from '../../base/ids.ts'
import type { Effect } from '../../pbft/effects.ts'
import { nameOf } from '../specification/heard.ts'
import { Memory } from '../specification/memory.ts'
import { executionFault } from '../specification/ordering.ts'
import { faultOf, readFault } from '../specification/permission.ts'
import type { Checker, SeenStep } from './checker.ts'

/** 15. No replica does anything that the rules forbid, given the messages that it received and its log. */
export function specification(): Checker {
  const memories = new Map<ReplicaId, Memory>()
  /** The sequence number at which a correct replica first executed each request, by the digest of the request. */
  const requests = new Map<string, Sequence>()
  return {
    invariant: 15, // @rule 7.15
    name: 'specification',
    onStep(seen) {
      const { replica, event, state } = seen
      const me = memories.get(replica) ?? new Memory(state.config, state.nullBatch.digest)
      memories.set(replica, me)
      if (event.kind === 'resumed') me.start(state.config.stored, state.config.isStateLost)
      if (event.kind === 'resumed' || event.kind === 'transferred') me.nextExpiry = state.leases.nextExpiry
      me.now = state.clock.now
      me.timeoutTicks = state.patience.timeoutTicks
      return faultOfStep(me, seen)
    },
    onExecuted({ replica, sequence, batch, application }) {
      const me = memories.get(replica)
      if (me === undefined) return null
      for (const { digest } of batch.requests)
        if (!requests.has(nameOf(digest))) requests.set(nameOf(digest), sequence)
      const fault = executionFault(me, sequence, batch.digest)
      me.executed = sequence
      if (!me.reached.has(application.revision)) me.reached.set(application.revision, sequence)
      me.nextExpiry = application.nextExpiry
      me.isStarting = false
      return fault === null ? null : `executed ${sequence}: ${fault}`
    },
    onReply({ replica, requestDigest }) {
      const me = memories.get(replica)
      const at = requests.get(nameOf(requestDigest))
      if (me === undefined || (at !== undefined && at <= me.executed)) return null
      return 'replied to a request that it did not execute'
    },
    onReadAnswer({ replica, isRefused, revision }) {
      const me = memories.get(replica)
      const fault = me === undefined || isRefused ? null : readFault(me, revision)
      return fault === null ? null : `answered a read without ordering: ${fault}`
    },
    onCrash({ replica, survivingRecords }) {
      memories.get(replica)?.forget(survivingRecords)
      return null
    },
  }
}

function faultOfStep(
  me: Memory,
  { event, effects, appendedRecords, syncedRecords }: SeenStep,
): string | null {
  const isRefused = effects.some(
    (effect) => effect.kind === 'reject' && event.kind === 'received' && effect.message === event.message,
  )
  if (event.kind === 'received' && !isRefused) me.heard.hear(event.message)
  else if (event.kind === 'snapshot-taken') me.roots.set(event.sequence, event.root)
  else if (event.kind === 'stored') me.stored = event.sequence
  else if (event.kind === 'transferred') {
    me.heard.hearAll(event.stable.checkpoints)
    me.restore(event.stable)
  } else if (event.kind === 'recovery-prepared') me.heard.hear(event.request)
  me.synced = syncedRecords
  let position = appendedRecords
  for (const effect of effects) {
    const fault = faultOf(me, effect)
    if (fault !== null) return `${textOf(effect)}: ${fault}`
    if (effect.kind === 'persist') me.remember(effect.record, position++)
    if (effect.kind === 'transfer') me.fetched = effect.stable.sequence
  }
  return null
}

function textOf(effect: Effect): string {
  switch (effect.kind) {
    case 'persist':
      return `logged ${effect.record.kind}${placeText(effect.record)}`
    case 'send':
    case 'broadcast':
      return `sent ${effect.outgoing.kind === 'relayed' ? effect.outgoing.message.kind : effect.outgoing.kind}${placeText(effect.outgoing)}`
    default:
      return `did ${effect.kind}${placeText(effect)}`
  }
}

function placeText(holder: object): string {
  const inner = Object.values(holder).find(
    (value) => value !== null && typeof value === 'object' && ('view' in value || 'sequence' in value),
  )
  const { view, sequence } = { ...(inner as object | undefined), ...holder } as {
    view?: number
    sequence?: number
  }
  return `${view === undefined ? '' : ` in view ${view}`}${sequence === undefined ? '' : ` at ${sequence}`}`
}
