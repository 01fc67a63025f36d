/**
 * Feldman's verifiable secret sharing as processes: process 0 deals, the others hold a share each. The dealer sends each
 * holder its share with the commitments; holders show their shares to each other; each reconstructs the secret from the
 * first k shares that the commitments confirm. It needs k correct holders. Without the check, one wrong share among the
 * first k gives a wrong secret. (n - 1) + (n - 1)(n - 2) messages.
 */
import { type AsynchronousAlgorithm, type Reaction, sendToEach, type TypedMessage } from '../automaton.ts'
import { everyoneBut, type ProcessId } from '../process.ts'
import { commit, deal, type Group, isRight, reconstruct, type Share } from './shamir.ts'

const DEALER: ProcessId = 0

/** Numbers are text, since JSON has none so large. */
export type SharingMessage = TypedMessage & { readonly share: string } & (
    | { readonly type: 'DEAL'; readonly commitments: readonly string[] }
    | { readonly type: 'SHOW' }
  )

export interface SharingState {
  readonly commitments: readonly string[]
  /** Shares by holder, the own one included; wrong ones are kept until the commitments are here. */
  readonly shares: readonly { readonly holder: ProcessId; readonly share: string }[]
  readonly isDone: boolean
}

export function verifiedSharing(options: {
  readonly n: number
  readonly group: Group
  /** The secret, then k - 1 random coefficients. */
  readonly coefficients: readonly bigint[]
}): AsynchronousAlgorithm<SharingState, SharingMessage> {
  const { n, group, coefficients } = options
  const needed = coefficients.length
  const blank: SharingState = { commitments: [], shares: [], isDone: false }

  /** Reconstructs the secret once there are enough right shares. */
  function reconstructIfEnough(state: SharingState): Reaction<SharingState, SharingMessage> {
    if (state.isDone || state.commitments.length === 0) return { state }
    const commitments = state.commitments.map(BigInt)
    const shares = state.shares.map(({ holder, share }): Share => ({ index: holder, value: BigInt(share) }))
    const right = shares.filter((share) => isRight(group, commitments, share))
    if (right.length < needed) return { state }
    const secret = reconstruct(group.order, right.slice(0, needed))
    return {
      state: { ...state, isDone: true },
      outputs: [{ event: 'reconstructs', value: secret.toString() }],
    }
  }

  const process = (self: ProcessId) => ({
    start(): Reaction<SharingState, SharingMessage> {
      if (self !== DEALER) return { state: blank }
      const commitments = commit(group, coefficients).map(String)
      const sends = deal(group.order, coefficients, n - 1).map(({ index, value }) => ({
        to: index,
        message: { type: 'DEAL', share: value.toString(), commitments } as const,
      }))
      return { state: blank, sends }
    },
    receive(
      state: SharingState,
      from: ProcessId,
      message: SharingMessage,
    ): Reaction<SharingState, SharingMessage> {
      const holder = message.type === 'DEAL' ? self : from
      const shares = [...state.shares, { holder, share: message.share }].sort((a, b) => a.holder - b.holder)
      if (message.type === 'SHOW') return reconstructIfEnough({ ...state, shares })
      const turn = reconstructIfEnough({ ...state, shares, commitments: message.commitments })
      return {
        ...turn,
        sends: sendToEach(everyoneBut(n, self, DEALER), { type: 'SHOW', share: message.share }),
      }
    },
  })
  return { n, process }
}
