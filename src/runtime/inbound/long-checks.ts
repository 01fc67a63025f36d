import type { Peer } from '../../base/peer.ts'
import type { Verified } from '../../messages/message.ts'
import type { Rejection } from '../../messages/rejection.ts'
import type { LongCheck, LongMessage } from '../authentication/authentication.ts'

/** The number of messages of one peer that wait to be checked; more are dropped and will be resent. */
const PENDING_PER_PEER_MAX = 2
/** The share of a turn's checks for long messages, and for one of them before the next has its turn. */
const PER_TURN = 3 / 16
const AT_ONCE = 1 / 16

interface PendingCheck {
  readonly from: Peer
  readonly check: LongCheck
}

/**
 * Checks VIEW-CHANGEs and NEW-VIEWs some signatures at a time, so that the loop stays responsive.
 * @rule 3.12
 */
export class LongChecks {
  readonly #pending: PendingCheck[] = []
  readonly #done: (checked: Verified<LongMessage> | Rejection, from: Peer) => void

  readonly #perTurn: number
  readonly #atOnce: number

  /** `checksPerTurn` is the number of signatures that one turn checks. */
  constructor(checksPerTurn: number, done: (checked: Verified<LongMessage> | Rejection, from: Peer) => void) {
    this.#perTurn = Math.ceil(PER_TURN * checksPerTurn)
    this.#atOnce = Math.ceil(AT_ONCE * checksPerTurn)
    this.#done = done
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  begin(from: Peer, check: LongCheck): void {
    const ofPeer = this.#pending.filter((each) => samePeer(each.from, from))
    if (ofPeer.length < PENDING_PER_PEER_MAX) this.#pending.push({ from, check })
  }

  /** Continues the checks in rotation, so that a message with thousands of signatures does not delay the others. */
  work(): void {
    for (let signatures = 0; signatures < this.#perTurn; signatures += this.#atOnce) {
      const next = this.#pending.shift()
      if (next === undefined) return
      if (!this.#advance(next)) this.#pending.push(next)
    }
  }

  /** Continues one check. Returns true when the message is checked. */
  #advance({ check, from }: PendingCheck): boolean {
    for (let signatures = 0; signatures < this.#atOnce; signatures++) {
      const step = check.next()
      if (step.done !== true) continue
      this.#done(step.value, from)
      return true
    }
    return false
  }
}

const samePeer = (a: Peer, b: Peer): boolean => a.kind === b.kind && a.id === b.id
