/**
 * SM(m), signed messages: Lamport, Shostak, Pease, "The Byzantine Generals Problem" (1982), section 4. Tolerates any m
 * traitors among n generals (with fewer than two loyal ones there is nothing to agree on), in m + 1 rounds.
 *
 * The commander signs his value and sends it to all. A lieutenant who receives a value for the first time adds it to V.
 * Unless m other lieutenants have already signed it, he adds his signature and sends the value to all who have not
 * signed it. At the end all loyal lieutenants hold the same V. They decide the value in V, or the default if the
 * commander signed several values or none.
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

export interface SignedState {
  readonly round: number
  /** V, in the order in which the values arrived. */
  readonly values: readonly Value[]
}

export function signedMessages(options: {
  readonly n: number
  /** m: the traitors to tolerate. */
  readonly traitors: number
  readonly seals: readonly Seals[]
  readonly commander?: ProcessId
}): Algorithm<SignedState> {
  const { n, traitors: m, seals, commander = 0 } = options
  const process = (self: ProcessId): Process<SignedState> => {
    const own = seals[self] as Seals
    const passOn = (chain: Chain): readonly Message[] =>
      toEach(everyoneBut(n, self, ...chain.signers), encodeChain(signOn(chain, self, own)))
    return {
      start(value) {
        const isCommander = self === commander
        return {
          state: { round: 1, values: isCommander ? [value] : [] },
          outbox: isCommander ? passOn(unsigned(value)) : [],
          decision: isCommander ? value : null,
        }
      },
      receive({ round, values }, inbox) {
        if (self === commander) return { state: { round, values }, outbox: [], decision: null }
        const heard = [...values]
        const outbox: Message[] = []
        for (const { payload } of inbox) {
          const chain = readChain(payload, n)
          if (chain === null || heard.includes(chain.value) || !isInTime(chain, round)) continue
          if (!isGenuine(chain, own)) continue
          heard.push(chain.value)
          if (round <= m) outbox.push(...passOn(chain))
        }
        return {
          state: { round: round + 1, values: heard },
          outbox,
          decision: round === m + 1 ? choice(heard) : null,
        }
      },
    }
    /**
     * True if the chain has k signatures in round k. A chain that was held back could no longer reach every process.
     */
    function isInTime({ signers }: Chain, round: number): boolean {
      return signers.length === round && signers[0] === commander && !signers.includes(self)
    }
  }
  return { name: `SM(${m})`, n, rounds: m + 1, process }
}

const choice = ([only, ...others]: readonly Value[]): Value =>
  only === undefined || others.length > 0 ? DEFAULT_VALUE : only
