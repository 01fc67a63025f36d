/**
 * A quorum that counts suspicions: each proposer needs the acceptance of a majority, and an acceptor accepts the first
 * value that it hears. With a majority of all, suspicions are harmless. A protocol that takes a majority of those that it
 * does not suspect makes progress without the others, and forks as soon as correct processes suspect each other, which
 * a flood on the network is enough for: Chandra, Toueg (JACM 1996) need the majority of all for that reason.
 */
import { type AsynchronousAlgorithm, type Automaton, type Reaction, sendToEach } from '../automaton.ts'
import { everyoneBut, type ProcessId, type Value } from '../process.ts'

export type ProposalMessage =
  | { readonly type: 'PROPOSE'; readonly value: Value }
  | { readonly type: 'ACCEPT' }

export interface ProposalState {
  /** The first value that it heard. */
  readonly accepted: Value | null
  /** The processes that accepted the own proposal. */
  readonly votes: readonly ProcessId[]
  readonly suspected: readonly ProcessId[]
  readonly hasDecided: boolean
}

type React = Reaction<ProposalState, ProposalMessage>

export function suspicionQuorum(options: {
  readonly n: number
  readonly proposers: readonly ProcessId[]
  /** True if suspected processes do not count. */
  readonly isShrinking: boolean
}): AsynchronousAlgorithm<ProposalState, ProposalMessage> {
  const { n, proposers, isShrinking } = options

  const process = (self: ProcessId): Automaton<ProposalState, ProposalMessage> => {
    const others = everyoneBut(n, self)

    function decideIfEnough(state: ProposalState): React {
      const { votes, suspected, hasDecided } = state
      const counted = isShrinking ? n - suspected.length : n
      if (hasDecided || 2 * votes.length <= counted) return { state }
      return { state: { ...state, hasDecided: true }, outputs: [{ event: 'decides', value: self }] }
    }

    return {
      start() {
        const state = { accepted: null, votes: [], suspected: [], hasDecided: false }
        const suspicions = others.map((id) => ({ name: `suspect P${id}`, after: 20 }))
        return {
          state,
          timers: proposers.includes(self) ? [{ name: 'propose', after: 1 }, ...suspicions] : [],
        }
      },
      expire(state, timer) {
        if (timer !== 'propose') {
          const suspect = Number(timer.slice('suspect P'.length))
          return decideIfEnough({ ...state, suspected: [...state.suspected, suspect] })
        }
        if (state.accepted !== null) return { state }
        const proposing = { ...state, accepted: self, votes: [self] }
        return { state: proposing, sends: sendToEach(others, { type: 'PROPOSE', value: self }) }
      },
      receive(state, from, message) {
        if (message.type === 'ACCEPT') return decideIfEnough({ ...state, votes: [...state.votes, from] })
        if (state.accepted !== null) return { state }
        return {
          state: { ...state, accepted: message.value },
          sends: [{ to: from, message: { type: 'ACCEPT' } }],
        }
      },
    }
  }
  return { n, process }
}
