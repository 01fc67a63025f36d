/** Lying servers and lying holders of shares. */
import type { AsynchronousAlgorithm, Automaton } from '../../classics/automaton.ts'
import type { ProcessId } from '../../classics/process.ts'
import {
  INITIAL,
  type RegisterMessage,
  type RegisterState,
  type Stamped,
} from '../../classics/quorums/masking-register.ts'
import type { SharingMessage, SharingState } from '../../classics/secrets/verified-sharing.ts'

/** A forged value with the highest timestamp, the same for all liars. */
const FORGED: Stamped = { stamp: 1_000, value: 'forged' }

/** Returns the algorithm with servers that store nothing, and that give the initial value or a forged one. */
export const withLyingServers = (
  algorithm: AsynchronousAlgorithm<RegisterState, RegisterMessage>,
  liars: readonly ProcessId[],
): AsynchronousAlgorithm<RegisterState, RegisterMessage> => ({
  ...algorithm,
  process: (self) => (liars.includes(self) ? lyingServer(algorithm.process(self)) : algorithm.process(self)),
})

const lyingServer = (
  honest: Automaton<RegisterState, RegisterMessage>,
): Automaton<RegisterState, RegisterMessage> => ({
  start: (surroundings) => honest.start(surroundings),
  receive(state, from, { type, operation }, { choose }) {
    if (type === 'WRITE') return { state, sends: [{ to: from, message: { type: 'STORED', operation } }] }
    const said = [INITIAL, FORGED][choose(2)] as Stamped
    return { state, sends: [{ to: from, message: { type: 'VALUE', operation, ...said } }] }
  },
})

/** Returns the algorithm with holders that show a false share. */
export const withLyingHolders = (
  algorithm: AsynchronousAlgorithm<SharingState, SharingMessage>,
  liars: readonly ProcessId[],
): AsynchronousAlgorithm<SharingState, SharingMessage> => ({
  ...algorithm,
  process(self) {
    const honest = algorithm.process(self)
    if (!liars.includes(self)) return honest
    return {
      ...honest,
      receive(state, from, message, surroundings) {
        const turn = honest.receive(state, from, message, surroundings)
        const sends = (turn.sends ?? []).map((send) => ({
          ...send,
          message: { ...send.message, share: (BigInt(send.message.share) + 1n).toString() },
        }))
        return { ...turn, sends }
      },
    }
  },
})
