/**
 * Authenticated broadcast: Dolev, Strong, "Authenticated Algorithms for Byzantine Agreement" (1983). It tolerates any
 * number f < n of faults in f + 1 rounds. Each process relays at most two values, however many the sender signs: two
 * values already prove the sender faulty.
 *
 * In round r a process accepts a value that r distinct processes signed, the sender first. It adds its own signature to
 * a value accepted before the last round and relays it.
 */
import {
  type Algorithm,
  DEFAULT_VALUE,
  everyoneBut,
  type Message,
  type Process,
  type ProcessId,
  toEach,
  type Value,
} from '../process.ts'
import {
  type Chain,
  encodeChain,
  isGenuine,
  readChain,
  type Seals,
  signOn,
  unsigned,
} from './signature-chain.ts'

/** This many different signed values prove the sender faulty. */
const CONVICTING = 2

export interface BroadcastState {
  readonly round: number
  /** The accepted values; at most two. */
  readonly accepted: readonly Value[]
}

export function dolevStrong(options: {
  readonly n: number
  readonly faults: number
  readonly seals: readonly Seals[]
  readonly sender?: ProcessId
  /** f + 1 by default; fewer rounds show how the algorithm then fails. */
  readonly rounds?: number
}): Algorithm<BroadcastState> {
  const { n, faults, seals, sender = 0, rounds = faults + 1 } = options
  const process = (self: ProcessId): Process<BroadcastState> => {
    const own = seals[self] as Seals
    const signAndSend = (chain: Chain): readonly Message[] =>
      toEach(everyoneBut(n, self, ...chain.signers), encodeChain(signOn(chain, self, own)))
    const isAcceptable = (chain: Chain, round: number): boolean =>
      chain.signers[0] === sender &&
      chain.signers.length >= round &&
      !chain.signers.includes(self) &&
      isGenuine(chain, own)
    return {
      start(value) {
        const isSender = self === sender
        return {
          state: { round: 1, accepted: isSender ? [value] : [] },
          outbox: isSender ? signAndSend(unsigned(value)) : [],
          decision: isSender ? value : null,
        }
      },
      receive(state, inbox) {
        if (self === sender) return { state, outbox: [], decision: null }
        const { round } = state
        const accepted = [...state.accepted]
        const outbox: Message[] = []
        for (const { payload } of inbox) {
          const chain = accepted.length < CONVICTING ? readChain(payload, n) : null
          if (chain === null || accepted.includes(chain.value) || !isAcceptable(chain, round)) continue
          accepted.push(chain.value)
          if (round < rounds) outbox.push(...signAndSend(chain))
        }
        const [only = DEFAULT_VALUE] = accepted
        const decision = accepted.length === 1 ? only : DEFAULT_VALUE
        return { state: { round: round + 1, accepted }, outbox, decision: round === rounds ? decision : null }
      },
    }
  }
  return { name: 'Dolev–Strong', n, rounds, process }
}
