/**
 * Budgets for what a sender costs without use. The sender is the authenticated end of a link, never a name in a
 * message. A correct one sends little that is of no use, and nothing that fails its checks: it relays only what it
 * has checked itself. One that goes far beyond that is cut off for a while and comes back; the next time it stays
 * away for longer. Counted in signature checks and ticks, so a simulation cuts off the same peers as a process.
 * @rule 5.5
 */
import { addOne, emptyBucket, type LeakyBucket, levelOf } from '../../base/leaky-bucket.ts'
import type { CutOff, CutOffReason } from '../../messages/message.ts'
import type { Peer } from '../../ports.ts'

/** The work that a peer may waste in each tick, and at once after it wasted nothing for long. In signature checks. */
export const REPLICA_WASTE = { perTick: 20, atOnce: 5_000 }
export const CLIENT_WASTE = { perTick: 2, atOnce: 1_000 }
/**
 * The weight of a message that fails its checks, as a multiple of what checking it costs: no correct peer ever sends
 * such a thing.
 */
export const OFFENCE_CHECKS = 16
/** Ticks of the first cut-off; each further one is twice as long, up to the most. */
export const CUT_OFF_TICKS = 100
export const CUT_OFF_TICKS_MAX = 6_000
/** Ticks of good behaviour after which a cut-off is forgotten. */
export const FORGIVEN_AFTER_TICKS = 12_000
/**
 * Answers that cost no ordering, to one client: repeated replies, refusals, reports. The steady rate per tick, and the
 * burst.
 */
export const CLIENT_ANSWERS = { perTick: 1, atOnce: 128 }
/** Clients of whom something is remembered. Anyone can be one, so the least recent is forgotten. */
const CLIENTS_MAX = 1_024

interface Account {
  readonly peer: Peer
  /** Checks wasted and not yet made up for, and how much of it by what failed its checks. */
  readonly wasted: LeakyBucket
  offences: number
  readonly answers: LeakyBucket
  /** Ticks: how long the last cut-off was, and when it is or was over. */
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
  /** Those that are cut off now. */
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

  /** True if a client gets one more answer that costs no ordering. */
  mayAnswer(peer: Peer): boolean {
    if (peer.kind === 'replica') return true
    const { perTick: leak, atOnce: size } = CLIENT_ANSWERS
    return addOne(this.#accountOf(peer).answers, { leak, size }, this.#ticks)
  }

  isCutOff(peer: Peer): boolean {
    const account = this.#away.size === 0 ? undefined : this.#accounts.get(keyOf(peer))
    return account !== undefined && this.#away.has(account)
  }

  /** The replicas that are cut off now, and how many clients. */
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

  /** Forgets the least recent client; one that is cut off only when all are. */
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
