/**
 * The kinds of frames: one table, from which every property of a kind is derived. Another list of kinds elsewhere means
 * that a column is missing here.
 */
import type { Message } from './message.ts'

/**
 * The kinds that the link itself handles: those that open it and the one that keeps it alive. They are not messages.
 */
export type LinkKind = 'hello' | 'welcome' | 'proof' | 'heartbeat'

export interface KindFacts {
  /** The number on the wire; never reused for another kind. */
  readonly number: number
  /** The modes that have the kind: some kinds show signed messages, and oral mode has others in their place. */
  readonly mode: 'both' | 'signed' | 'oral'
  /** The role of its author. The author of a request is a client, even if a replica relays it. */
  readonly author: 'replica' | 'client' | 'either'
  /**
   * The part that handles it: the protocol (`step`), state transfer, the answers to clients, the reads without ordering,
   * a client, the link itself.
   */
  readonly taker: 'protocol' | 'pages' | 'inquiries' | 'reads' | 'client' | 'link'
  /**
   * The proof of its origin. `author`: the author's signature, on any link; in oral mode a MAC, on the author's link
   * only. `link`: the author's own link. `shown`: the same, and each message that it shows is signed by its own author.
   * `handshake`: the rules of the handshake.
   */
  readonly vouched: 'author' | 'link' | 'shown' | 'handshake'
  /** The lane in a replica's inbox. `reserve` keeps an overloaded cluster alive (rule 5.5). */
  readonly lane: 'reserve' | 'common'
  /**
   * The size class. `bulk` carries a batch: its relevance is decided before its body is hashed. `long` cites thousands
   * of signatures, which are checked a few at a time (rule 3.12).
   */
  readonly size: 'short' | 'bulk' | 'long'
  /** True if even a valid one is work for its receiver and counts against its sender's budget (rule 5.5). */
  readonly isQuestion?: true
  /** True if a correct replica signs at most one for each (v, s): two different ones are evidence (rule 1.5). */
  readonly isOnce?: true
  /**
   * The phase of its view: sent inside the view, to leave for it, to enter it, or in either phase. A message that is
   * withheld for the disk is dropped when that phase is over (rule 3.1). Absent if the kind does not depend on a view.
   */
  readonly phase?: Phase
}

export type Phase = 'inside' | 'leaving' | 'entering' | 'either'

// biome-ignore format: a table is read by its columns
export const KINDS = {
  request:                { number: 1,  mode: 'both',   author: 'client',  taker: 'protocol',  vouched: 'author',    lane: 'common',  size: 'short' },
  'pre-prepare':          { number: 2,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'common',  size: 'bulk',  isOnce: true, phase: 'inside' },
  prepare:                { number: 3,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'common',  size: 'short', isOnce: true, phase: 'inside' },
  commit:                 { number: 4,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'common',  size: 'short', isOnce: true, phase: 'inside' },
  reply:                  { number: 5,  mode: 'both',   author: 'replica', taker: 'client',    vouched: 'author',    lane: 'common',  size: 'short' },
  status:                 { number: 6,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short', isQuestion: true },
  fetch:                  { number: 7,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'common',  size: 'short', isQuestion: true },
  batch:                  { number: 8,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'common',  size: 'bulk' },
  decision:               { number: 9,  mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'shown',     lane: 'common',  size: 'bulk' },
  refusal:                { number: 10, mode: 'both',   author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  inquiry:                { number: 11, mode: 'both',   author: 'client',  taker: 'inquiries', vouched: 'link',      lane: 'common',  size: 'short' },
  report:                 { number: 12, mode: 'both',   author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  checkpoint:             { number: 16, mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'reserve', size: 'short', isOnce: true },
  'view-change':          { number: 17, mode: 'signed', author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'reserve', size: 'long',  phase: 'leaving' },
  'view-change-ack':      { number: 18, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short', phase: 'either' },
  'new-view':             { number: 19, mode: 'signed', author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'reserve', size: 'long',  phase: 'entering' },
  'page-fetch':           { number: 20, mode: 'both',   author: 'replica', taker: 'pages',     vouched: 'link',      lane: 'common',  size: 'short' },
  page:                   { number: 21, mode: 'both',   author: 'replica', taker: 'pages',     vouched: 'link',      lane: 'common',  size: 'short' },
  'stable-checkpoint':    { number: 22, mode: 'signed', author: 'replica', taker: 'protocol',  vouched: 'shown',     lane: 'reserve', size: 'short' },
  recall:                 { number: 23, mode: 'both',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short', isQuestion: true },
  recollection:           { number: 24, mode: 'signed', author: 'replica', taker: 'protocol',  vouched: 'shown',     lane: 'reserve', size: 'short' },
  exhibit:                { number: 25, mode: 'signed', author: 'replica', taker: 'protocol',  vouched: 'shown',     lane: 'common',  size: 'short', isQuestion: true },
  'evidence-inquiry':     { number: 26, mode: 'signed', author: 'client',  taker: 'inquiries', vouched: 'link',      lane: 'common',  size: 'short' },
  evidence:               { number: 27, mode: 'signed', author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  'oral-view-change':     { number: 28, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'reserve', size: 'short', phase: 'leaving' },
  'oral-new-view':        { number: 29, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'author',    lane: 'reserve', size: 'short', phase: 'entering' },
  'view-change-fetch':    { number: 30, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short', isQuestion: true },
  'view-change-delivery': { number: 31, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short' },
  'oral-recollection':    { number: 32, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short' },
  'mac-complaint':        { number: 33, mode: 'oral',   author: 'replica', taker: 'protocol',  vouched: 'link',      lane: 'reserve', size: 'short' },
  'place-inquiry':        { number: 34, mode: 'both',   author: 'client',  taker: 'inquiries', vouched: 'link',      lane: 'common',  size: 'short' },
  place:                  { number: 35, mode: 'both',   author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  read:                   { number: 40, mode: 'both',   author: 'client',  taker: 'reads',     vouched: 'link',      lane: 'common',  size: 'short' },
  'read-answer':          { number: 41, mode: 'both',   author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  'state-inquiry':        { number: 42, mode: 'signed', author: 'client',  taker: 'inquiries', vouched: 'link',      lane: 'common',  size: 'short' },
  'state-pages':          { number: 43, mode: 'signed', author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  'occurrence-inquiry':   { number: 61, mode: 'both',   author: 'client',  taker: 'inquiries', vouched: 'link',      lane: 'common',  size: 'short' },
  occurrences:            { number: 62, mode: 'both',   author: 'replica', taker: 'client',    vouched: 'link',      lane: 'common',  size: 'short' },
  hello:                  { number: 64, mode: 'both',   author: 'either',  taker: 'link',      vouched: 'handshake', lane: 'common',  size: 'short' },
  welcome:                { number: 65, mode: 'both',   author: 'replica', taker: 'link',      vouched: 'handshake', lane: 'common',  size: 'short' },
  proof:                  { number: 66, mode: 'both',   author: 'either',  taker: 'link',      vouched: 'handshake', lane: 'common',  size: 'short' },
  heartbeat:              { number: 67, mode: 'both',   author: 'either',  taker: 'link',      vouched: 'link',      lane: 'common',  size: 'short' },
} as const satisfies Readonly<Record<Message['kind'] | LinkKind, KindFacts>>

export type FrameKindName = keyof typeof KINDS
/** The kinds whose rows have these properties. */
export type KindWith<F extends Partial<KindFacts>> = {
  [K in FrameKindName]: (typeof KINDS)[K] extends F ? K : never
}[FrameKindName]
export type FrameKind = (typeof KINDS)[FrameKindName]['number']

/** The names of all kinds, in the order of their numbers. */
export const KIND_NAMES = Object.keys(KINDS) as readonly FrameKindName[]

/** The number of each kind on the wire. */
export const FRAME_KINDS = Object.fromEntries(KIND_NAMES.map((kind) => [kind, KINDS[kind].number])) as {
  readonly [K in FrameKindName]: (typeof KINDS)[K]['number']
}

const NAMES = new Map<number, FrameKindName>(KIND_NAMES.map((kind) => [KINDS[kind].number, kind]))

export const isFrameKind = (number: number): number is FrameKind => NAMES.has(number)

export function kindName(kind: FrameKind): FrameKindName {
  return NAMES.get(kind) as FrameKindName
}

/** Returns the kinds whose rows have these properties, in the order of their numbers. */
export const kindsWith = <const F extends Partial<KindFacts>>(facts: F): readonly KindWith<F>[] =>
  KIND_NAMES.filter((kind): kind is KindWith<F> => rowHas(KINDS[kind], facts))

/** Returns the numbers on the wire of the kinds whose rows have these properties. */
export const numbersWith = (facts: Partial<KindFacts>): ReadonlySet<number> =>
  new Set(kindsWith(facts).map((kind) => KINDS[kind].number))

/** True for a message or content whose kind has these properties. */
export const hasFacts = <M extends { readonly kind: FrameKindName }, const F extends Partial<KindFacts>>(
  message: M,
  facts: F,
): message is Extract<M, { readonly kind: KindWith<F> }> => rowHas(KINDS[message.kind], facts)

/** Returns the properties of a kind, including the optional ones. */
export const factsOf = (kind: FrameKindName): KindFacts => KINDS[kind]

function rowHas(row: KindFacts, facts: Partial<KindFacts>): boolean {
  for (const name in facts) {
    if (row[name as keyof KindFacts] !== facts[name as keyof KindFacts]) return false
  }
  return true
}

/** True for the kinds that the link itself handles. */
export const isOfLink = (kind: FrameKindName): kind is LinkKind => KINDS[kind].taker === 'link'
