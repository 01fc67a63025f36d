import type { Peer } from '../base/peer.ts'
import type { Verified } from '../messages/message.ts'
import type { Rejection } from '../messages/rejection.ts'
import type { LongCheck, LongMessage } from './authentication.ts'

/** Messages of one peer that wait to be checked; what is dropped beyond comes again. */
const PENDING_PER_PEER_MAX = 2
/** Signatures checked in one turn: some milliseconds. */
const SIGNATURES_PER_TURN = 48

/** Checks VIEW-CHANGEs and NEW-VIEWs some signatures at a time, so that the loop stays responsive. // PBFT-3.12 */
export class LongChecks {
  readonly #pending: { readonly from: Peer; readonly check: LongCheck }[] = []
  readonly #done: (checked: Verified<LongMessage> | Rejection, from: Peer) => void

  constructor(done: (checked: Verified<LongMessage> | Rejection, from: Peer) => void) {
    this.#done = done
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  begin(from: Peer, check: LongCheck): void {
    const ofPeer = this.#pending.filter((each) => samePeer(each.from, from))
    if (ofPeer.length < PENDING_PER_PEER_MAX) this.#pending.push({ from, check })
  }

  /** Goes on with the oldest. */
  work(): void {
    for (let signatures = 0; signatures < SIGNATURES_PER_TURN; signatures++) {
      const [oldest] = this.#pending
      if (oldest === undefined) return
      const step = oldest.check.next()
      if (step.done !== true) continue
      this.#pending.shift()
      this.#done(step.value, oldest.from)
    }
  }
}

const samePeer = (a: Peer, b: Peer): boolean => a.kind === b.kind && a.id === b.id
