/**
 * Steps in sentences: from each kind of event, effect and log record to a phrase and the rule that it follows. The
 * tables are exhaustive by type.
 */
import type { Effect, Event, LogRecord, Outgoing } from '../../pbft/effects.ts'
import type { Peer } from '../../ports.ts'
import type { LeavingGround } from './leaving-grounds.ts'
import { type ClientName, messagePhrase } from './message-phrases.ts'
import { shortDigest } from './moment.ts'
import { batchText, countText, type Phrase, placeText, type RuleTag, replicasText } from './phrase.ts'

type OfKind<U extends { readonly kind: string }, K extends U['kind']> = Extract<U, { readonly kind: K }>
/** A row for each kind; `rule` may depend on the member. */
type Table<U extends { readonly kind: string }, Context> = {
  readonly [K in U['kind']]: (member: OfKind<U, K>, context: Context) => Phrase
}
const phraseIn = <U extends { readonly kind: string }, Context>(
  table: Table<U, Context>,
  member: U,
  context: Context,
): Phrase => (table[member.kind as U['kind']] as (member: U, context: Context) => Phrase)(member, context)

const phrase = (rule: RuleTag, text: string): Phrase => ({ rule, text })

interface EventContext {
  readonly replica: number
  readonly nameOf: (peer: Peer) => string
}

const EVENTS: Table<Event, EventContext> = {
  received({ message, from }, { replica, nameOf }) {
    const { rule, text } = messagePhrase(message, (id) => nameOf({ kind: 'client', id }))
    const isOwn = from.kind === 'replica' && from.id === replica
    if (message.kind === 'request' && from.kind === 'client' && from.id === message.client)
      return phrase(rule, `gets from ${nameOf(from)} REQUEST ${message.timestamp}`)
    return phrase(rule, isOwn ? `counts its own ${text}` : `gets from ${nameOf(from)} ${text}`)
  },
  ticked: () => phrase('1.9', 'looks at its timers'),
  persisted: ({ records }) => phrase('6', `has its log on disk up to record ${records}`),
  executed: ({ sequence }) => phrase('1.6', `has executed ${sequence}`),
  'snapshot-taken': ({ sequence, root }) =>
    phrase('2.1', `knows its root at ${sequence}: ${shortDigest(root)}`),
  stored: ({ sequence }) => phrase('2.2', `has stored its state at ${sequence}`),
  transferred: ({ stable }) => phrase('2.5', `has fetched the state at ${stable.sequence}`),
  'transfer-gone': () => phrase('2.5', 'finds that nobody has the state any more that it fetches'),
  'recovery-prepared': () => phrase('6.4', 'has made its recovery operation'),
  resumed: () => phrase('6.2', 'has replayed its log after a start'),
}

/** The event and the ground that an effect follows from. */
export interface EffectContext {
  /** The event of the step. */
  readonly event: Event
  /** The ground on which the replica leaves its view, if it does so at a tick. */
  readonly ground: LeavingGround
  readonly clientName: ClientName
}

const LEAVING: Readonly<Record<LeavingGround, Phrase>> = {
  timer: phrase('3.6', 'sees its timer end'),
  complaint: phrase('5.4', 'counts f + 1 complaints about the primary'),
  primary: phrase('6.5', 'sees that the primary has left'),
}

function leavingPhrase(view: number, { event, ground }: EffectContext): Phrase {
  const leaves = `leaves for view ${view}, and logs its VIEW-CHANGE`
  const isFollowing = event.kind === 'received' && /^(oral-)?view-change$/.test(event.message.kind)
  if (event.kind === 'ticked') return phrase(LEAVING[ground].rule, `${LEAVING[ground].text}, ${leaves}`)
  return isFollowing ? phrase('3.7', `holds enough VIEW-CHANGEs, ${leaves}`) : phrase('3.1', leaves)
}

const ofMode = (kind: string, signed: RuleTag, oral: RuleTag): RuleTag =>
  kind.startsWith('oral-') ? oral : signed

const RECORDS: Table<LogRecord, EffectContext> = {
  proposed: ({ content: { view, sequence, batch } }) =>
    phrase('1.10', `proposes ${batchText(batch)} for ${sequence} in view ${view}, and logs it`),
  accepted: ({ prePrepare: { view, sequence, batch } }, { event }) =>
    event.kind === 'received' && event.message.kind === 'pre-prepare' && event.message.sequence === sequence
      ? phrase('1.2', `accepts it (${countText(batch)}), and logs it`)
      : phrase('1.2', `accepts ${batchText(batch)} for ${sequence} in view ${view}, and logs it`),
  'vote-limit': ({ view, upTo }) => phrase('6.5', `logs the limit of its votes in view ${view}: ${upTo}`),
  prepared: ({
    certificate: {
      prePrepare: { view, sequence, digest },
      prepares,
    },
  }) =>
    phrase(
      '1.3',
      `has prepared ${placeText(view, sequence, digest)} by ${replicasText(prepares.map((each) => each.sender))}, and logs the certificate`,
    ),
  batch: ({ sequence, batch }) => phrase('3.5', `logs ${batchText(batch)}, which was chosen for ${sequence}`),
  'view-change': ({ content }, context) => leavingPhrase(content.view, context),
  'pre-prepared': () => phrase('4.1', 'logs what it has pre-prepared'),
  acknowledged: ({ of, view }) =>
    phrase('4.3', `logs that it acknowledges the VIEW-CHANGE of replica ${of} for view ${view}`),
  'new-view-made': ({ content: { kind, view } }) =>
    phrase(ofMode(kind, '3.3', '4.7'), `begins view ${view}: makes its NEW-VIEW, and logs it`),
  'new-view': ({ newView: { kind, view } }) =>
    phrase(ofMode(kind, '3.4', '4.7'), `finds the NEW-VIEW right, enters view ${view}, and logs it`),
  'view-again': () => phrase('6', 'logs the message of its view again'),
  checkpoint: ({ sequence, root }) => phrase('2.1', `logs its root at ${sequence}: ${shortDigest(root)}`),
  stable: ({ stable }) => phrase('2.2', `logs the stable certificate for ${stable.sequence}`),
  evidence: ({ evidence: { guilty, first }, isNew }) =>
    isNew
      ? phrase(
          '1.5',
          `CONVICTS replica ${guilty}: it holds two ${first.kind.toUpperCase()}s that contradict each other`,
        )
      : phrase('1.5', `logs its evidence against replica ${guilty} again`),
  recovery: () => phrase('6.4', 'logs its recovery operation'),
  recoveries: () => phrase('6.4', 'logs who recovers'),
  forgotten: () => phrase('6.4', 'learns that its log has lost what it promised'),
  healed: ({ view }) => phrase('6.4', `is healed, and takes part from view ${view} on`),
  decided: ({ commits, batch }) => {
    const [first] = commits
    const place = first === undefined ? '' : ` for ${first.sequence} in view ${first.view}`
    const by = replicasText(commits.map(({ sender }) => sender))
    return phrase('1.4', `holds ${batchText(batch)}${place} as decided by ${by}, and logs that`)
  },
}

function sentPhrase(outgoing: Outgoing, to: string, clientName: ClientName): Phrase {
  const isRelayed = outgoing.kind === 'relayed'
  const { rule, text: sent } = messagePhrase(isRelayed ? outgoing.message : outgoing, clientName)
  if (!isRelayed) return { rule, text: `sends ${to} ${sent}`, sent }
  return outgoing.message.kind === 'request'
    ? { rule, text: `passes on to ${to} ${sent}`, sent }
    : { rule: '1.11', text: `sends ${to} again ${sent}`, sent }
}

const EFFECTS: Table<Effect, EffectContext> = {
  persist: ({ record }, context) => phraseIn(RECORDS, record, context),
  send: ({ to, outgoing }, { clientName }) => sentPhrase(outgoing, `replica ${to}`, clientName),
  broadcast: ({ outgoing }, { clientName }) => sentPhrase(outgoing, 'all', clientName),
  execute: ({ sequence, batch }) => phrase('1.6', `executes ${batchText(batch)} at ${sequence}`),
  snapshot: ({ sequence }) => phrase('2.1', `freezes its state at ${sequence} for a checkpoint`),
  stable: ({ stable }) => phrase('2.2', `has a stable checkpoint at ${stable.sequence}, and moves h there`),
  trim: ({ upTo }) => phrase('6', `no longer needs its log up to ${upTo}`),
  transfer: ({ stable }) => phrase('2.5', `fetches the state at ${stable.sequence} from the others`),
  'stop-transfer': () => phrase('2.5', 'stops fetching: it got there by executing'),
  'prepare-recovery': () => phrase('6.4', 'makes a recovery operation'),
  reply: ({ sequence }) => phrase('1.7', `answers the clients of ${sequence}`),
  'reply-again': ({ request }) => phrase('1.1', `answers request ${request.timestamp} again`),
  refuse: ({ timestamp, reason }) => phrase('1.1', `refuses request ${timestamp} to its client: ${reason}`),
  serve: ({ to, sequences }) => phrase('1.11', `sends replica ${to} the decisions of ${listText(sequences)}`),
  'serve-batch': ({ to, sequence }) => phrase('3.5', `sends replica ${to} the batch of ${sequence}`),
  reject({ message, reason, evidence }, { clientName }) {
    const rule = reason.startsWith('conflicting-') ? '1.5' : messagePhrase(message, clientName).rule
    const shown = evidence === undefined ? '' : `, which convicts replica ${evidence.guilty}`
    return phrase(rule, `REFUSES it: ${reason}${shown}`)
  },
}

const listText = (sequences: readonly number[]): string =>
  sequences.length > 2 ? `${sequences[0]} to ${sequences.at(-1)}` : sequences.join(' and ')

export const eventPhrase = (event: Event, context: EventContext): Phrase => phraseIn(EVENTS, event, context)

export const effectPhrase = (effect: Effect, context: EffectContext): Phrase =>
  phraseIn(EFFECTS, effect, context)
