/**
 * Budgets for the useless work that a sender causes. The sender is the authenticated end of a link, never a name in a
 * message. A correct sender sends little that is useless and nothing invalid, because it relays only messages that it
 * has checked. A sender far beyond its budget is cut off for a while, and for longer each time. Budgets count signature
 * checks and ticks, so a simulation cuts off the same peers as a process.
 * @rule 5.5
 */
import { addOne, emptyBucket, type LeakyBucket, levelOf } from '../../base/leaky-bucket.ts'
import type { CutOff, CutOffReason } from '../../messages/message.ts'
import type { Peer } from '../../ports.ts'

/** The work that a peer may waste per tick, and in a burst after a long time without waste. In signature checks. */
export const REPLICA_WASTE = { perTick: 20, atOnce: 5_000 }
export const CLIENT_WASTE = { perTick: 2, atOnce: 1_000 }
/** The weight of an invalid message, as a multiple of the cost of its checks: a correct peer never sends one. */
export const OFFENCE_CHECKS = 16
/** The ticks of the first cut-off. Each further one is twice as long, up to the maximum. */
export const CUT_OFF_TICKS = 100
export const CUT_OFF_TICKS_MAX = 6_000
/** The ticks of good behaviour after which a cut-off is forgotten. */
export const FORGIVEN_AFTER_TICKS = 12_000
/**
 * The limit on answers to one client that need no ordering: repeated replies, refusals, reports. The steady rate per
 * tick, and the burst.
 */
export const CLIENT_ANSWERS = { perTick: 1, atOnce: 128 }
/** The number of remembered clients. Anyone can be a client, so the least recent one is forgotten. */
const CLIENTS_MAX = 1_024

interface Account {
  readonly peer: Peer
  /** The wasted checks that were not drained yet, and the part of them caused by invalid messages. */
  readonly wasted: LeakyBucket
  offences: number
  readonly answers: LeakyBucket
  /** The length of the last cut-off, and the tick of its end. */
  cutOffTicks: number
  cutOffUntil: number
  times: number
}

export interface SenderBudgetsOptions {
  /** Called when a peer is cut off: its waiting frames are dropped. */
  readonly onCutOff: (peer: Peer, because: CutOffReason) => void
  readonly onReturn: (peer: Peer) => void
}

export class SenderBudgets {
  readonly #options: SenderBudgetsOptions
  readonly #accounts = new Map<string, Account>()
  /** The peers that are cut off now. */
  readonly #away = new Set<Account>()
  #ticks = 0

  constructor(options: SenderBudgetsOptions) {
    this.#options = options
  }

  tick(): void {
    this.#ticks++
    for (const account of this.#away) {
      if (this.#ticks < account.cutOffUntil) continue
      this.#away.delete(account)
      this.#options.onReturn(account.peer)
    }
  }

  /** Charges a peer for a useless message that cost this many checks. */
  wasted(peer: Peer, checks: number): void {
    this.#spend(this.#accountOf(peer), checks)
  }

  /** Charges a peer for a message that failed its checks after this many checks. */
  offended(peer: Peer, checks: number): void {
    const account = this.#accountOf(peer)
    const weight = OFFENCE_CHECKS * Math.max(1, checks)
    account.offences += weight
    this.#spend(account, weight)
  }

  /** True if a client may get one more answer that needs no ordering. */
  mayAnswer(peer: Peer): boolean {
    if (peer.kind === 'replica') return true
    const { perTick: leak, atOnce: size } = CLIENT_ANSWERS
    return addOne(this.#accountOf(peer).answers, { leak, size }, this.#ticks)
  }

  isCutOff(peer: Peer): boolean {
    const account = this.#away.size === 0 ? undefined : this.#accounts.get(keyOf(peer))
    return account !== undefined && this.#away.has(account)
  }

  /** The replicas that are cut off now, and the number of clients that are. */
  get cutOff(): { readonly replicas: readonly CutOff[]; readonly clients: number } {
    const replicas: CutOff[] = []
    for (const { peer, offences, times } of this.#away) {
      if (peer.kind === 'replica') replicas.push({ id: peer.id, because: reasonOf(offences), times })
    }
    replicas.sort((a, b) => a.id - b.id)
    return { replicas, clients: this.#away.size - replicas.length }
  }

  #spend(account: Account, checks: number): void {
    if (this.#away.has(account)) return
    const { wasted, peer } = account
    const allowance = peer.kind === 'replica' ? REPLICA_WASTE : CLIENT_WASTE
    wasted.level = levelOf(wasted, allowance.perTick, this.#ticks) + checks
    if (wasted.level === checks) account.offences = Math.min(account.offences, checks)
    if (wasted.level > allowance.atOnce) this.#cutOff(account)
  }

  #cutOff(account: Account): void {
    const isForgiven = this.#ticks - account.cutOffUntil >= FORGIVEN_AFTER_TICKS
    const isFirst = account.times === 0 || isForgiven
    account.cutOffTicks = isFirst ? CUT_OFF_TICKS : Math.min(2 * account.cutOffTicks, CUT_OFF_TICKS_MAX)
    account.cutOffUntil = this.#ticks + account.cutOffTicks
    account.times++
    account.wasted.level = 0
    this.#away.add(account)
    this.#options.onCutOff(account.peer, reasonOf(account.offences))
  }

  #accountOf(peer: Peer): Account {
    const key = keyOf(peer)
    const known = this.#accounts.get(key)
    if (known !== undefined) return known
    const account = {
      peer,
      wasted: emptyBucket(this.#ticks),
      offences: 0,
      answers: emptyBucket(this.#ticks),
      cutOffTicks: 0,
      cutOffUntil: 0,
      times: 0,
    }
    this.#forgetOldest()
    this.#accounts.set(key, account)
    return account
  }

  /** Forgets the least recent client, and one that is cut off only if all are. */
  #forgetOldest(): void {
    if (this.#accounts.size < CLIENTS_MAX) return
    const oldest = this.#oldestClient((each) => !this.#away.has(each)) ?? this.#oldestClient(() => true)
    if (oldest === null) return
    this.#accounts.delete(keyOf(oldest.peer))
    if (this.#away.delete(oldest)) this.#options.onReturn(oldest.peer)
  }

  #oldestClient(isMeant: (account: Account) => boolean): Account | null {
    for (const each of this.#accounts.values()) {
      if (each.peer.kind === 'client' && isMeant(each)) return each
    }
    return null
  }
}

const reasonOf = (offences: number): CutOffReason => (offences > 0 ? 'fails-checks' : 'floods')

const keyOf = ({ kind, id }: Peer): string => `${kind}:${id}`
