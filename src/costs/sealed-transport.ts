/** The links of a measured cluster: as on a wire, each frame has a tag behind it that the other end checks. */
import { assert } from '../base/assert.ts'
import { concatBytes } from '../base/bytes.ts'
import { simulatedSuite } from '../crypto/simulated-suite.ts'
import { kindIn } from '../messages/frame.ts'
import { LINK_TAG_BYTES } from '../messages/limits.ts'
import type { CryptoSuite, Handshake, Peer, SecureLink, Transport } from '../ports.ts'
import { createLinkSecurity } from '../runtime/links/secure-link.ts'
import type { Meter } from './meter.ts'

export interface Links {
  /** Both ends of every link, by `name of the own end > name of the other`. */
  readonly ends: ReadonlyMap<string, SecureLink>
  /** The names of the nodes that have started. A link leads to no other one. */
  readonly started: Set<string>
  /** The names of those that crashed: what is sent to them arrives at nobody. */
  readonly crashed: Set<string>
}

export const nameOf = ({ kind, id }: Peer): string => `${kind} ${id}`

/**
 * Links between all replicas, and of every client to every replica. Their handshakes are over before anything is measured,
 * so they are signed with what costs nothing; the tags are the suite's own.
 */
export function createLinks(suite: CryptoSuite, peers: readonly Peer[]): Links {
  const signers = peers.map((_, index) => simulatedSuite.signer(new Uint8Array(32).fill(index + 1)))
  const replicaKeys = peers.flatMap((peer, index) => {
    const key = signers[index]?.publicKey
    return peer.kind === 'replica' && key !== undefined ? [key] : []
  })
  let drawn = 0
  const securities = peers.map((peer, index) => {
    const signer = signers[index]
    assert(signer !== undefined, 'each peer has a key')
    return createLinkSecurity({
      suite: { ...simulatedSuite, mac: suite.mac, verifyMac: suite.verifyMac },
      entropy: (size) => new Uint8Array(size).fill(++drawn),
      clusterId: new Uint8Array(32),
      replicaKeys,
      identity:
        peer.kind === 'replica' ? { kind: 'replica', id: peer.id, signer } : { kind: 'client', signer },
    })
  })
  const links = new Map<string, SecureLink>()
  for (const [one, from] of peers.entries()) {
    for (const [other, to] of peers.entries()) {
      if (to.kind !== 'replica' || (from.kind === 'replica' && one >= other)) continue
      const [initiator, responder] = [securities[one]?.initiate(to.id), securities[other]?.respond()]
      assert(initiator !== undefined && responder !== undefined, 'each peer makes handshakes')
      const ends = shakeHands(initiator, responder)
      links.set(`${nameOf(from)} > ${nameOf(to)}`, ends.initiator)
      links.set(`${nameOf(to)} > ${nameOf(from)}`, ends.responder)
    }
  }
  return { ends: links, started: new Set(), crashed: new Set() }
}

function shakeHands(
  initiator: Handshake,
  responder: Handshake,
): { readonly initiator: SecureLink; readonly responder: SecureLink } {
  assert(initiator.opening !== null, 'who calls speaks first')
  const welcome = responder.receive(initiator.opening)
  assert(welcome.kind === 'continue', 'a WELCOME answers a HELLO')
  const proof = initiator.receive(welcome.send)
  assert(proof.kind === 'established' && proof.send !== null, 'a PROOF answers a WELCOME')
  const done = responder.receive(proof.send)
  assert(done.kind === 'established', 'a PROOF ends the handshake')
  return { initiator: proof.link, responder: done.link }
}

/** A node's end of the network, sealed, and measured. */
export function sealedTransport(inner: Transport, own: Peer, links: Links, meter: Meter): Transport {
  const linkTo = (peer: Peer): SecureLink => {
    const link = links.ends.get(`${nameOf(own)} > ${nameOf(peer)}`)
    assert(link !== undefined, `${nameOf(own)} has a link to ${nameOf(peer)}`)
    return link
  }
  return {
    start: (handler) => {
      links.started.add(nameOf(own))
      inner.start({
        onLink: (peer) => handler.onLink(peer),
        onFrame: (from, sealed) => {
          if (links.crashed.has(nameOf(own))) return true
          const end = sealed.length - LINK_TAG_BYTES
          const frame = sealed.subarray(0, end)
          assert(linkTo(from).opens(frame, sealed.subarray(end)), 'a link that nobody disturbs opens')
          meter.arrived({ from, to: own, kind: kindOf(frame) })
          return handler.onFrame(from, frame)
        },
      })
    },
    send: (to, frame) => {
      if (!links.started.has(nameOf(to))) return false
      const sealed = concatBytes(frame, linkTo(to).seal(frame))
      assert(inner.send(to, sealed), 'a calm network takes every frame')
      meter.sent({ from: own, to, kind: kindOf(frame), bytes: sealed.length })
      return true
    },
    flush: () => inner.flush(),
    resume: (peer) => inner.resume(peer),
    reachable: () => inner.reachable(),
    received: (peer) => inner.received(peer),
    end: (peer) => inner.end(peer),
  }
}

const kindOf = (frame: Uint8Array): string => kindIn(frame) ?? 'unknown'
