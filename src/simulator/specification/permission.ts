/**
 * The second opinion: for everything that a replica logs, sends or executes, returns the reason if the rules forbid
 * it.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { StatusContent } from '../../messages/content.ts'
import { evidenceFault } from '../../messages/evidence.ts'
import { logWindowOf } from '../../messages/limits.ts'
import type { CheckpointCertificate } from '../../messages/message.ts'
import { isRejection } from '../../messages/rejection.ts'
import type { Effect, LogRecord, Outgoing } from '../../pbft/effects.ts'
import { nameOf } from './heard.ts'
import { placeOf } from './log.ts'
import type { Memory } from './memory.ts'
import {
  acceptanceFault,
  decisionFault,
  executionFault,
  first,
  preparedFault,
  proposalFault,
  voteFault,
} from './ordering.ts'
import {
  acknowledgementFault,
  newViewFault,
  oralNewViewFault,
  ownChoicesFault,
  viewChangeFault,
} from './view-changes.ts'

/** The reason why the replica may not do this now; null if the rules allow it. */
export function faultOf(me: Memory, effect: Effect): string | null {
  switch (effect.kind) {
    case 'persist':
      return recordFault(me, effect.record)
    case 'send':
    case 'broadcast':
      return messageFault(me, effect.outgoing)
    case 'execute':
      return executionFault(me, effect.sequence, effect.batch.digest)
    case 'snapshot':
      return first(
        effect.sequence !== me.executed && `it executed ${me.executed}`,
        notDue(me, effect.sequence),
      )
    case 'stable':
      return me.isCertified(effect.stable) ? null : 'no quorum says so'
    case 'transfer':
      return me.isCertified(effect.stable, me.w) || isFloor(me, effect.stable)
        ? null
        : 'no weak quorum has it'
    case 'trim':
      return first(
        effect.upTo > me.stored && `it stored ${me.stored}`,
        effect.upTo > me.log.low && `its h is ${me.log.low}`,
      )
    case 'reply':
      return first(
        effect.sequence > me.executed && `it executed ${me.executed}`,
        me.config.hasUnorderedReads === true && !me.isKept(effect.sequence) && 'a crash may take it',
      )
    case 'serve':
      return effect.sequences.every((s) => s <= me.executed) ? null : `it executed ${me.executed}`
    case 'serve-batch':
      return me.log.batches.has(nameOf(effect.digest)) && !me.holdsBatch(effect.digest)
        ? 'the batch is not on disk'
        : null
    default:
      return null
  }
}

/** True for the checkpoint of a NEW-VIEW without signatures: it is chosen because W replicas hold it. @rule 2.5 4.4 */
const isFloor = ({ log }: Memory, { sequence, root }: CheckpointCertificate): boolean =>
  log.floors.some((floor) => floor.sequence === sequence && equalBytes(floor.root, root))

/**
 * The reason why the replica may not answer a read without ordering from the state of this revision: it may have shown
 * clients a later state before its start, a crash may undo its last executions, or it may not vote.
 * @rule 5.1
 */
export function readFault(me: Memory, revision: number): string | null {
  const reached = me.reached.get(revision)
  return first(
    me.config.hasUnorderedReads !== true && 'the cluster orders reads',
    me.isAmnesiac && 'it forgot what it had shown',
    me.executed < me.shown && `it executed ${me.executed} and may have shown ${me.shown}`,
    reached !== undefined && reached > me.log.low && !me.isKept(reached) && 'a crash may take what it shows',
  )
}

/** @rule 2.1 */
const notDue = ({ config }: Memory, sequence: number) =>
  sequence % config.checkpointInterval !== 0 && 'no checkpoint is due'

function recordFault(me: Memory, record: LogRecord): string | null {
  switch (record.kind) {
    case 'proposed':
      return proposalFault(me, record.content)
    case 'accepted':
      return acceptanceFault(me, record.prePrepare, record.prePrepare.batch)
    case 'prepared':
      return preparedFault(me, placeOf(record.certificate.prePrepare), record.certificate.prepares)
    case 'vote-limit':
      return first(
        me.config.hasUnsyncedVotes !== true && 'votes wait for the disk',
        (record.view !== me.log.view || !me.log.isActive) && `it is in view ${me.log.view}`,
      )
    case 'decided':
      return decisionFault(me, record.batch, record.commits)
    case 'checkpoint':
      return checkpointFault(me, record)
    case 'stable':
      return me.isCertified(record.stable) ? null : 'no quorum says so'
    case 'view-change':
      return viewChangeFault(me, record.content)
    case 'new-view-made': {
      const { content } = record
      return content.kind === 'oral-new-view'
        ? oralNewViewFault(me, content)
        : first(
            newViewFault(me, content.view, content.viewChanges, content.choices),
            ownChoicesFault(me, content.choices),
          )
    }
    case 'new-view': {
      const { newView } = record
      if (newView.kind === 'oral-new-view') return oralNewViewFault(me, newView)
      if (isRejection(newView.contents)) return 'it does not check out'
      return newViewFault(me, newView.view, newView.contents.viewChanges, newView.contents.prePrepares)
    }
    case 'acknowledged': {
      const before = me.log.acknowledged.get(`${record.view} ${record.of}`)
      const isHeard = me.heard.viewChanges.some(
        (each) =>
          each.kind === 'oral-view-change' &&
          each.view === record.view &&
          each.sender === record.of &&
          equalBytes(each.digest, record.digest),
      )
      return first(
        before !== undefined && !equalBytes(before.digest, record.digest) && 'it acknowledged another one',
        before === undefined && !isHeard && 'its sender did not send it',
      )
    }
    case 'evidence':
      return evidenceFault(record.evidence.first, record.evidence.second)
    case 'healed':
      return healingFault(me, record)
    default:
      return null
  }
}

/** A root of its own state, logged after everything that led to it. @rule 2.1 2.6 */
function checkpointFault(
  me: Memory,
  { sequence, root }: { readonly sequence: number; readonly root: Uint8Array },
): string | null {
  const own = me.roots.get(sequence as never)
  return first(
    notDue(me, sequence),
    (own === undefined || !equalBytes(own, root)) && 'its state has no such root',
    sequence > me.executed && `it executed ${me.executed}`,
  )
}

/** Recovered: its recovery operation was decided in u, h is L above it, and it takes part from u + 2 on. @rule 6.4 */
function healingFault(me: Memory, { view }: { readonly view: number }): string | null {
  const { recovery, low } = me.log
  const l = logWindowOf(me.config.checkpointInterval)
  const decided = [...me.heard.decisions, ...me.log.decisions]
  const own = decided.filter(({ batch }) =>
    batch.requests.some(({ digest }) => recovery !== null && equalBytes(digest, recovery.digest)),
  )
  return own.some((each) => each.view + 2 === view && low >= each.sequence + l)
    ? null
    : 'what it forgot is not yet history'
}

function messageFault(me: Memory, outgoing: Outgoing): string | null {
  const isRelayed = outgoing.kind === 'relayed'
  const said = isRelayed ? outgoing.message : outgoing
  const { id } = me.config
  if ('sender' in said && said.sender !== id) return me.isOral ? 'it cannot show what others said' : null
  switch (said.kind) {
    case 'pre-prepare':
      return voteFault(me, {
        kind: said.kind,
        view: said.view,
        sequence: said.sequence,
        sender: id,
        digest: said.batch.digest,
      })
    case 'prepare':
    case 'commit':
      return voteFault(me, {
        kind: said.kind,
        view: said.view,
        sequence: said.sequence,
        sender: id,
        digest: said.digest,
      })
    case 'checkpoint': {
      const logged = me.log.roots.get(said.sequence)
      return first(
        me.isAmnesiac && 'it forgot what it said',
        (logged === undefined || !equalBytes(logged.root, said.root)) && 'its log holds no such root',
        !me.isSynced(logged?.position) && 'what led to it is not on disk',
      )
    }
    case 'view-change':
      return first(
        me.isAmnesiac && 'it forgot what it said',
        said.view !== me.log.view && `it is in view ${me.log.view}`,
        !me.isSynced(me.log.leftForPosition) && 'it is not on disk',
      )
    case 'oral-view-change':
      // On request (rule 4.7), it retransmits its VIEW-CHANGE for an earlier view.
      return first(
        me.isAmnesiac && 'it forgot what it said',
        said.view > me.log.view && `it is in view ${me.log.view}`,
        !me.isSynced(me.log.leftFor.get(said.view)) && 'it is not on disk',
      )
    case 'new-view':
    case 'oral-new-view':
      return first(
        me.isAmnesiac && 'it forgot what it said',
        said.view !== me.log.view && `it is in view ${me.log.view}`,
        !me.isSynced(me.log.viewPosition) && 'it is not on disk',
      )
    case 'view-change-ack':
      return acknowledgementFault(me, said)
    case 'decision': {
      const decided = me.log.decided.get(said.sequence)
      return decided !== undefined && equalBytes(decided.digest, said.batch.digest)
        ? null
        : 'it did not decide it'
    }
    case 'stable-checkpoint':
      return me.isCertified(said.stable) ? null : 'no quorum says so'
    case 'request':
      return me.heard.hasRequest(said.digest) ? null : 'nobody asked for it'
    case 'status':
      return statusFault(me, said)
    default:
      return null
  }
}

/** A true report of its own state. @rule 1.11 */
function statusFault(me: Memory, said: StatusContent): string | null {
  const { log, executed } = me
  const { view, isActive, lowWatermark, lastExecuted } = said
  return first(
    // A replica that forgot its messages follows views that others prove, and logs none.
    !me.isAmnesiac && view !== log.view && `it is in view ${log.view}`,
    !me.isAmnesiac &&
      isActive !== log.isActive &&
      // A primary logs its NEW-VIEW, and enters the view once it receives it.
      (isActive || me.heard.newView >= log.view) &&
      `that view ${isActive ? 'did not begin' : 'began'}`,
    lowWatermark !== log.low && `its h is ${log.low}`,
    lastExecuted !== executed && `it executed ${executed}`,
  )
}
