/** Both ends of links in memory, and the frames that go between them. */

import { toReplicaId } from '../../src/base/ids.ts'
import { createRandom } from '../../src/base/random.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { encodeFrame } from '../../src/messages/frame.ts'
import type { FrameKind } from '../../src/messages/kinds.ts'
import { type Payload, packPayload } from '../../src/messages/payload.ts'
import type { Handshake, HandshakeStep, LinkSecurity, SecureLink } from '../../src/ports.ts'
import { createLinkSecurity, type LinkIdentity } from '../../src/runtime/links/secure-link.ts'

/** The suites in which links are tried. */
export const LINK_SUITES = ['sodium', 'simulated'] as const

export const EMPTY = new Uint8Array(0)

export function frameOf(kind: FrameKind, payload: Payload, authentication = EMPTY, body = EMPTY): Uint8Array {
  return encodeFrame({ kind, payload: packPayload(payload), authentication, body }).bytes
}

export function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7))
  return copy
}

export function openingOf(handshake: Handshake): Uint8Array {
  if (handshake.opening === null) throw new Error('this end does not begin')
  return handshake.opening
}

export function sentBy(step: HandshakeStep): Uint8Array {
  if (step.kind === 'failed' || step.send === null)
    throw new Error(`nothing was sent: ${JSON.stringify(step)}`)
  return step.send
}

export function linkOf(step: HandshakeStep): SecureLink {
  if (step.kind !== 'established') throw new Error(`no link: ${JSON.stringify(step)}`)
  return step.link
}

/** A cluster of four and its clients, whose links are of this suite. */
export function createLinkKit(name: (typeof LINK_SUITES)[number]) {
  const suite = suiteNamed(name)
  const signerOf = (number: number) => suite.signer(new Uint8Array(32).fill(number))
  const replicaKeys = [0, 1, 2, 3].map((id) => signerOf(id).publicKey)
  const clusterId = suite.hash(Uint8Array.of(1))

  function securityOf(identity: LinkIdentity, changes: { clusterId?: Uint8Array } = {}): LinkSecurity {
    const random = createRandom(identity.kind === 'replica' ? identity.id : 99)
    const entropy = (size: number) => Uint8Array.from({ length: size }, () => random.below(256))
    return createLinkSecurity({ suite, entropy, clusterId, replicaKeys, identity, ...changes })
  }
  const replica = (id: number): LinkIdentity => ({
    kind: 'replica',
    id: toReplicaId(id),
    signer: signerOf(id),
  })
  const client = (number: number): LinkIdentity => ({ kind: 'client', signer: signerOf(number) })
  const to = toReplicaId

  /** An established pair: replica 3 dialed replica 1. */
  function linked(initiator: LinkIdentity = replica(3)) {
    const begins = securityOf(initiator).initiate(to(1))
    const answers = securityOf(replica(1)).respond()
    const welcomed = answers.receive(openingOf(begins))
    const proved = begins.receive(sentBy(welcomed))
    return { near: linkOf(proved), far: linkOf(answers.receive(sentBy(proved))) }
  }

  return { suite, signerOf, replicaKeys, clusterId, securityOf, replica, client, to, linked }
}
