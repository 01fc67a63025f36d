/** Rule 4.10, the client's side: it signs once W replicas want that, and no earlier. */
import { describe, expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { SIGNATURE_BYTES } from '../../src/messages/limits.ts'
import type { Refusal, RefusalReason, Request, Verified } from '../../src/messages/message.ts'
import { encodeRequest } from '../../src/messages/request.ts'
import {
  createSessionState,
  type NewRequest,
  type SessionEffect,
  stepSession,
} from '../../src/session/session.ts'
import { CLUSTER_SIZES, createClusterKit, SESSION, seedOf } from '../kit/cluster-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n, 1, 'oral')
  const { publicKey } = kit.clientSigner(0)

  const make = (authentication: Uint8Array) => (content: NewRequest) =>
    encodeRequest({ ...content, publicKey }, { ...kit.tools, sign: () => authentication })
  const begin = () => {
    const makers = {
      makeRequest: make(new Uint8Array(20)),
      makeSigned: make(new Uint8Array(SIGNATURE_BYTES)),
    }
    const state = createSessionState({ n, session: SESSION, random: createRandom(1), ...makers }, 0)
    state.place.isKnown = true
    stepSession(state, { kind: 'reserved', upTo: 100 })
    return state
  }
  const requestsIn = (effects: readonly SessionEffect[]): Request[] =>
    effects.flatMap((effect) =>
      effect.kind === 'send' || effect.kind === 'broadcast' ? [effect.request] : [],
    )
  const isSigned = ({ authentication }: Request): boolean => authentication.length === SIGNATURE_BYTES
  const refusal = (sender: number, { timestamp, digest }: Request, reason: RefusalReason) =>
    kit.accept(
      kit.frameOf(sender, { kind: 'refusal', timestamp, requestDigest: digest, reason }),
      kit.replicaPeer(sender),
    ) as Verified<Refusal>

  test('PBFT-4.10 W refusals make it sign what waits and what comes, W - 1 do not', () => {
    const state = begin()
    const submit = (token: number) =>
      requestsIn(stepSession(state, { kind: 'submitted', token, operations: seedOf(token) }))
    const [first, second] = [submit(1)[0], submit(2)[0]] as [Request, Request]
    expect([first, second].map(isSigned)).toEqual([false, false])
    const refuse = (sender: number) =>
      stepSession(state, { kind: 'received', message: refusal(sender, first, 'must-sign') })
    for (let sender = 0; sender < kit.w - 1; sender++) expect(refuse(sender)).toEqual([])
    expect(submit(3).every(isSigned)).toBe(false)
    const again = requestsIn(refuse(kit.w))
    expect(again.map(isSigned)).toEqual([true, true, true])
    expect(again[0]?.digest).toEqual(first.digest)
    expect(submit(4).every(isSigned)).toBe(true)
    // Nothing was given up.
    expect([...state.pending.keys()]).toEqual([1, 2, 3, 4])
  })
})
