/**
 * Sections 3 and 4: the conditions for leaving a view, and for the choices of a NEW-VIEW, with and without signatures.
 */
import { equalBytes } from '../../base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { primaryOf } from '../../base/quorum.ts'
import { logWindowOf } from '../../messages/limits.ts'
import type { PreparedCertificate, ViewChange } from '../../messages/message.ts'
import type { Choice } from '../../messages/new-view.ts'
import type {
  CitedViewChange,
  OralNewViewContent,
  OralViewChange,
  OralViewChangeContent,
  OrderClaim,
  ViewChangeAckContent,
} from '../../messages/oral/message.ts'
import type { AnyViewChange, LogRecord } from '../../pbft/effects.ts'
import { baseOf } from './log.ts'
import type { Memory } from './memory.ts'
import { first } from './ordering.ts'

type ViewChangeContentOfLog = (LogRecord & { readonly kind: 'view-change' })['content']

/**
 * The replica's own VIEW-CHANGE: views increase, and it shows exactly the prepared batches. @rule 3.1 3.7 4.1 4.2 6.4
 */
export function viewChangeFault(me: Memory, content: ViewChangeContentOfLog): string | null {
  const { log, heard, w, f } = me
  const { view } = content
  const isOral = content.kind === 'oral-view-change'
  const h = isOral ? content.lowWatermark : content.stable.sequence
  const shown = isOral
    ? content.preparedClaims
    : content.preparedCertificates.map(({ prePrepare }) => prePrepare)
  const prepared = [...log.prepared.values()].filter(({ sequence }) => sequence > h)
  const callers = new Set(heard.viewChanges.filter((each) => each.view >= view).map(({ sender }) => sender))
  return first(
    me.isAmnesiac && 'it forgot what it said',
    !(view > log.view || (view === log.view && view === log.healedIn)) && `it is in view ${log.view} already`,
    h !== log.low && `its h is ${log.low}`,
    !isOral && !me.isCertified(content.stable) && 'its h has no certificate',
    !isSame(shown, prepared) && `it prepared ${textOf(prepared)}, and shows ${textOf(shown)}`,
    isOral && preparedClaimsFault(me, content),
    view > log.view + 1 + f &&
      callers.size < w &&
      log.healedIn === null &&
      `only ${callers.size} others are there`,
  )
}

const textOf = (claims: readonly OrderClaim[]): string =>
  claims.map(({ sequence, view }) => `${sequence} in ${view}`).join()

const isSame = (shown: readonly OrderClaim[], held: readonly OrderClaim[]): boolean =>
  shown.length === held.length && shown.every((claim) => has(held, claim))

const has = (claims: readonly OrderClaim[], { sequence, view, digest }: OrderClaim): boolean =>
  claims.some((each) => each.sequence === sequence && each.view === view && equalBytes(each.digest, digest))

/** Qset and C are true: for each s the latest f + 2 digests, and the roots that it had. @rule 4.1 4.2 */
function preparedClaimsFault(
  me: Memory,
  { prePrepareClaims, checkpoints }: Pick<OralViewChange, 'prePrepareClaims' | 'checkpoints'>,
) {
  const { log, f } = me
  const kept = [...log.prePrepared.values()].flatMap((claims) =>
    claims
      .filter(({ sequence }) => sequence > log.low)
      .toSorted((a, b) => b.view - a.view)
      .slice(0, f + 2),
  )
  // A batch that lost to a decided one no longer matters.
  const lost = ({ sequence, digest }: OrderClaim) =>
    !equalBytes(log.decided.get(sequence)?.digest ?? digest, digest)
  const due = kept.filter((claim) => me.hasVoted(claim) && !lost(claim))
  const isRoot = ({ sequence, root }: { readonly sequence: Sequence; readonly root: Uint8Array }) => {
    const own = log.roots.get(sequence)?.root ?? me.roots.get(sequence)
    return sequence === log.low
      ? me.isCertified({ sequence, root }) || (own !== undefined && equalBytes(own, root))
      : own !== undefined && equalBytes(own, root)
  }
  return first(
    prePrepareClaims.some((claim) => !has([...log.prePrepared.values()].flat(), claim)) &&
      'it claims a pre-prepare that it did not have',
    due.some((claim) => !has(prePrepareClaims, claim)) && 'it conceals a pre-prepare that it had',
    log.low > 0 && !checkpoints.some(({ sequence }) => sequence === log.low) && 'it does not list h',
    !checkpoints.every(isRoot) && 'it lists a checkpoint that it does not have',
  )
}

/** A received VIEW-CHANGE. @rule 3.2 */
function viewChangeIsValid(me: Memory, { stable, preparedCertificates }: ViewChange, view: View): boolean {
  const { n, checkpointInterval } = me.config
  const voters = new Set(stable.checkpoints.map(({ sender }) => sender))
  const isStable = stable.checkpoints.every(
    (each) => each.sequence === stable.sequence && equalBytes(each.root, stable.root),
  )
  const sequences = preparedCertificates.map(({ prePrepare }) => prePrepare.sequence)
  const isEntry = ({ prePrepare, prepares }: PreparedCertificate): boolean => {
    const { sequence, sender, digest } = prePrepare
    const primary = primaryOf(prePrepare.view, n)
    const backups = new Set(prepares.map((each) => each.sender).filter((id) => id !== primary))
    const isAlike = prepares.every(
      (each) =>
        each.view === prePrepare.view && each.sequence === sequence && equalBytes(each.digest, digest),
    )
    const isInWindow =
      sequence > stable.sequence && sequence <= stable.sequence + logWindowOf(checkpointInterval)
    return prePrepare.view < view && isInWindow && sender === primary && isAlike && backups.size >= me.q - 1
  }
  return (
    (stable.sequence === 0 || (isStable && voters.size >= me.q)) &&
    new Set(sequences).size === sequences.length &&
    preparedCertificates.every(isEntry)
  )
}

/** V and O of a NEW-VIEW with signatures. @rule 3.3 3.4 */
export function newViewFault(
  me: Memory,
  view: View,
  viewChanges: readonly ViewChange[],
  choices: readonly Choice[],
): string | null {
  const { heard, log } = me
  const base = baseOf(viewChanges)
  const entries = viewChanges.flatMap(({ preparedCertificates }) =>
    preparedCertificates.map(({ prePrepare }) => prePrepare),
  )
  const last = Math.max(base, ...entries.map(({ sequence }) => sequence))
  const isChosen = (sequence: number): boolean => {
    const here = entries.filter((entry) => entry.sequence === sequence)
    const latest = here.find((entry) => here.every((other) => other.view <= entry.view))
    const choice = choices[sequence - base - 1]
    return choice?.sequence === sequence && equalBytes(choice.digest, latest?.digest ?? me.nullDigest)
  }
  const isHeard = ({ sender, envelope }: ViewChange) =>
    (sender === me.config.id && view === log.view) ||
    heard.viewChanges.some((each) => equalBytes(each.envelope, envelope))
  return first(
    view < log.view || (view === log.view && log.isActive) ? `it is in view ${log.view}` : null,
    new Set(viewChanges.map(({ sender }) => sender)).size !== me.q &&
      `it rests on ${viewChanges.length} VIEW-CHANGEs`,
    viewChanges.length !== me.q && `it rests on ${viewChanges.length} VIEW-CHANGEs`,
    viewChanges.some((each) => each.view !== view) && 'a VIEW-CHANGE is for another view',
    viewChanges.some((each) => !viewChangeIsValid(me, each, view)) && 'a VIEW-CHANGE is not valid',
    !viewChanges.every(isHeard) && 'nobody sent one of the VIEW-CHANGEs',
    choices.length !== last - base && `it chooses ${choices.length} batches, and ${last - base} are due`,
    choices.some((_, index) => !isChosen(base + 1 + index)) && 'it chooses another batch than they do',
  )
}

/**
 * The primary's own NEW-VIEW: with unsynced votes it holds every batch that it chooses, except what is past. @rule 6.5
 */
export function ownChoicesFault(me: Memory, choices: readonly Choice[]): string | null {
  if (me.config.hasUnsyncedVotes !== true) return null
  const isPast = (sequence: Sequence) => sequence <= Math.max(me.log.low, me.executed)
  // A decided batch may still be executing.
  const isDecided = (sequence: Sequence) => me.log.decided.has(sequence)
  return choices.every(
    ({ sequence, digest }) => isPast(sequence) || isDecided(sequence) || me.hasBatch(digest),
  )
    ? null
    : 'it chooses a batch that it does not have'
}

/** V and O of a NEW-VIEW without signatures. @rule 4.3 4.4 4.5 4.7 */
export function oralNewViewFault(
  me: Memory,
  { view, cited, checkpoint, choices }: Omit<OralNewViewContent, 'kind'>,
): string | null {
  const { log, q, w } = me
  const s = cited.flatMap((one) => believed(me, view, one) ?? [])
  const below = (sequence: number) => s.filter(({ lowWatermark }) => lowWatermark < sequence)
  const at = (claims: readonly OrderClaim[], sequence: number) =>
    claims.find((each) => each.sequence === sequence)
  const holders = s.filter(({ checkpoints, lowWatermark }) =>
    checkpoint.sequence === 0
      ? lowWatermark === 0
      : checkpoints.some(
          (each) => each.sequence === checkpoint.sequence && equalBytes(each.root, checkpoint.root),
        ),
  )
  const isJustified = ({ sequence, digest }: Choice): boolean => {
    const isB =
      equalBytes(digest, me.nullDigest) &&
      below(sequence).filter((each) => at(each.preparedClaims, sequence) === undefined).length >= q
    const views = s
      .flatMap(({ preparedClaims }) => preparedClaims)
      .filter((each) => each.sequence === sequence && equalBytes(each.digest, digest))
      .map((each) => each.view)
    return (
      isB ||
      views.some((v) => {
        const agree = below(sequence).filter(({ preparedClaims }) => {
          const p = at(preparedClaims, sequence)
          return p === undefined || p.view < v || (p.view === v && equalBytes(p.digest, digest))
        })
        const vouch = s.filter(({ prePrepareClaims }) =>
          prePrepareClaims.some(
            (each) => each.sequence === sequence && each.view >= v && equalBytes(each.digest, digest),
          ),
        )
        return agree.length >= q && vouch.length >= w
      })
    )
  }
  return first(
    view < log.view || (view === log.view && log.isActive) ? `it is in view ${log.view}` : null,
    new Set(cited.map(({ sender }) => sender)).size < Math.max(q, cited.length) &&
      `it rests on ${cited.length} VIEW-CHANGEs`,
    s.length < cited.length && `${cited.length - s.length} of the VIEW-CHANGEs are not vouched for`,
    s.filter(({ lowWatermark }) => lowWatermark <= checkpoint.sequence).length < q &&
      'its checkpoint is too low',
    checkpoint.sequence > 0 && holders.length < w && 'too few hold its checkpoint',
    choices.some(({ sequence }, index) => sequence !== checkpoint.sequence + 1 + index) &&
      'it leaves out a sequence number',
    !choices.every(isJustified) && 'it chooses a batch that they do not bear out',
  )
}

/** True if a cited VIEW-CHANGE is its sender's: received from it, or vouched for by W. @rule 4.3 4.7 */
function believed(me: Memory, view: View, { sender, digest }: CitedViewChange): OralViewChangeContent | null {
  const { heard, log, config, f } = me
  const isIt = (each: AnyViewChange): each is OralViewChange =>
    each.kind === 'oral-view-change' &&
    each.view === view &&
    each.sender === sender &&
    equalBytes(each.digest, digest)
  const direct = heard.viewChanges.find(isIt)
  const primary = primaryOf(view, config.n)
  const acks = ackers(me, view, sender, digest).filter((id) => id !== primary)
  const isPrimary = config.id === primary
  // The primary vouches for its own VIEW-CHANGE by its NEW-VIEW.
  const needed =
    sender === config.id || sender === primary ? 0 : isPrimary ? 2 * f - 1 : direct === undefined ? f : 0
  if (sender === config.id && log.leftWith?.kind === 'oral-view-change' && log.leftWith.view === view)
    return log.leftWith
  return acks.length < needed ? null : (direct ?? heard.delivered.find(isIt) ?? null)
}

const ackers = ({ heard }: Memory, view: View, of: ReplicaId, digest: Uint8Array): readonly ReplicaId[] => {
  const acks = heard.acks.filter(
    (ack) => ack.view === view && ack.of === of && ack.sender !== of && equalBytes(ack.digest, digest),
  )
  return [...new Set(acks.map(({ sender }) => sender))]
}

/** An acknowledgement of the VIEW-CHANGE that j itself sent, the first for its view, on disk. @rule 4.3 */
export function acknowledgementFault(
  me: Memory,
  { view, of, digest }: Omit<ViewChangeAckContent, 'kind'>,
): string | null {
  const record = me.log.acknowledged.get(`${view} ${of}`)
  return first(
    of === me.config.id && 'it is its own',
    (record === undefined || !equalBytes(record.digest, digest)) && 'its log does not hold it',
    !me.isSynced(record?.position) && 'it is not on disk',
  )
}
