/** The link handshake, with both ends in memory, against an attacker between them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { createSigningDigest, encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import {
  decodeHello,
  encodeHello,
  encodeWelcome,
  HANDSHAKE_FRAME_BYTES_MAX,
  type Hello,
  transcriptOf,
  welcomePayload,
} from '../../src/messages/handshake.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { PROTOCOL_VERSION } from '../../src/messages/limits.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createLinkKit, flipped, frameOf, LINK_SUITES, linkOf, openingOf, sentBy } from './link-kit.ts'

const failure = (reason: string) => ({ kind: 'failed', reason })

/** The HELLO of a handshake with some of its fields replaced. */
function altered(opening: Uint8Array, changes: Partial<Hello>): Uint8Array {
  const hello = decodeHello(opening)
  if (isRejection(hello)) throw new Error(hello.reason)
  return encodeHello({ ...hello.fields, ...changes }).bytes
}

describe.each(LINK_SUITES)('a link in the suite %s', (name) => {
  const { suite, signerOf, clusterId, securityOf, replica, client, to, linked } = createLinkKit(name)

  describe('its handshake', () => {
    it('proves two replicas to each other, within the size limit', () => {
      const begins = securityOf(replica(3)).initiate(to(1))
      const answers = securityOf(replica(1)).respond()
      const frames = [openingOf(begins)]
      const welcomed = answers.receive(openingOf(begins))
      expect(welcomed.kind).toBe('continue')
      frames.push(sentBy(welcomed))
      const proved = begins.receive(sentBy(welcomed))
      frames.push(sentBy(proved))
      const established = answers.receive(sentBy(proved))
      expect(linkOf(proved).peer).toEqual({ kind: 'replica', id: 1 })
      expect(linkOf(established).peer).toEqual({ kind: 'replica', id: 3 })
      expect(answers.opening).toBeNull()
      for (const frame of frames) expect(frame.length).toBeLessThan(HANDSHAKE_FRAME_BYTES_MAX / 2)
    })

    it('proves a client, which is known by its key', () => {
      const { far } = linked(client(50))
      expect(far.peer).toEqual({ kind: 'client', id: toHex(signerOf(50).publicKey) })
    })

    it('fails on another cluster', () => {
      const foreign = securityOf(replica(3), { clusterId: suite.hash(Uint8Array.of(2)) }).initiate(to(1))
      expect(securityOf(replica(1)).respond().receive(openingOf(foreign))).toEqual(failure('wrong-cluster'))
    })

    it('fails on another version, whatever shape that version has', () => {
      const answers = () => securityOf(replica(1)).respond()
      const opening = openingOf(securityOf(replica(3)).initiate(to(1)))
      const next = Uint8Array.from(opening)
      next[8] = PROTOCOL_VERSION + 1 // length 4, kind 1, payload length 2, array header 1: then the version
      expect(answers().receive(next)).toEqual(failure('wrong-version'))
      expect(answers().receive(frameOf(FRAME_KINDS.hello, [7, 1]))).toEqual(failure('wrong-version'))
      expect(answers().receive(frameOf(FRAME_KINDS.hello, [PROTOCOL_VERSION, 1]))).toEqual(
        failure('payload-shape'),
      )
    })

    it('fails at a replica that was not meant', () => {
      const begins = securityOf(replica(3)).initiate(to(1))
      expect(securityOf(replica(2)).respond().receive(openingOf(begins))).toEqual(failure('wrong-peer'))
    })

    it('fails when another replica answers, even one that lies about who it is', () => {
      const begins = () => securityOf(replica(3)).initiate(to(1))
      const honest = begins()
      const meant = altered(openingOf(honest), { expected: 2 })
      const welcome = sentBy(securityOf(replica(2)).respond().receive(meant))
      expect(honest.receive(welcome)).toEqual(failure('wrong-peer'))

      const deceived = begins()
      const split = splitFrame(welcome)
      if (isRejection(split)) throw new Error(split.reason)
      const posing = Uint8Array.from(split.payload)
      posing[1] = 1 // after the array header: the replica's id
      const forged = encodeFrame({ ...split, payload: posing }).bytes
      expect(deceived.receive(forged)).toEqual(failure('bad-signature'))
    })

    it('fails on a stolen id and on an id that no replica has', () => {
      const opening = openingOf(securityOf(replica(3)).initiate(to(1)))
      const answers = () => securityOf(replica(1)).respond()
      for (const replicaId of [2, 4, 2 ** 40]) {
        expect(answers().receive(altered(opening, { replicaId }))).toEqual(failure('unknown-sender'))
      }
      const stolen = altered(opening, { replicaId: 2, publicKey: signerOf(2).publicKey })
      const welcomed = answers()
      expect(welcomed.receive(stolen).kind).toBe('continue')
      const thief = securityOf(replica(3)).initiate(to(1))
      const proof = sentBy(thief.receive(sentBy(answers().receive(openingOf(thief)))))
      expect(welcomed.receive(proof)).toEqual(failure('bad-signature'))
    })

    it('fails when a client claims another client’s key', () => {
      const begins = securityOf(client(50)).initiate(to(1))
      const answers = securityOf(replica(1)).respond()
      const welcomed = answers.receive(altered(openingOf(begins), { publicKey: signerOf(51).publicKey }))
      // The transcript of the thief is another than the responder's, so it cannot even accept the WELCOME.
      expect(begins.receive(sentBy(welcomed))).toEqual(failure('bad-signature'))
    })

    it('fails when anything in HELLO is altered on the way', () => {
      const other = new Uint8Array(32).fill(7)
      for (const changes of [
        { nonce: other },
        { ephemeralKey: suite.agreementPublicKey(other) },
        { role: 'client', replicaId: 0 } as const,
      ]) {
        const begins = securityOf(replica(3)).initiate(to(1))
        const welcomed = securityOf(replica(1))
          .respond()
          .receive(altered(openingOf(begins), changes))
        expect(begins.receive(sentBy(welcomed))).toEqual(failure('bad-signature'))
      }
    })

    it('fails when any bit of WELCOME or PROOF is altered on the way', () => {
      const begins = securityOf(replica(3)).initiate(to(1))
      const answering = securityOf(replica(1))
      const welcome = sentBy(answering.respond().receive(openingOf(begins)))
      for (let bit = 0; bit < welcome.length * 8; bit += 5) {
        const fresh = securityOf(replica(3)).initiate(to(1)) // the same entropy, so the same HELLO
        expect(fresh.receive(flipped(welcome, bit)).kind).toBe('failed')
      }
      const proof = sentBy(begins.receive(welcome))
      for (let bit = 0; bit < proof.length * 8; bit += 5) {
        const fresh = securityOf(replica(1)).respond()
        fresh.receive(openingOf(securityOf(replica(3)).initiate(to(1))))
        expect(fresh.receive(flipped(proof, bit)).kind).toBe('failed')
      }
      const untouched = securityOf(replica(1)).respond()
      untouched.receive(openingOf(securityOf(replica(3)).initiate(to(1))))
      expect(untouched.receive(proof).kind).toBe('established')
    })

    it('fails on the WELCOME and the PROOF of another session', () => {
      const dialer = securityOf(replica(3))
      const answerer = securityOf(replica(1))
      const first = dialer.initiate(to(1))
      const oldWelcome = sentBy(answerer.respond().receive(openingOf(first)))
      const oldProof = sentBy(first.receive(oldWelcome))

      expect(dialer.initiate(to(1)).receive(oldWelcome)).toEqual(failure('bad-signature'))
      const replayed = answerer.respond()
      replayed.receive(openingOf(first))
      expect(replayed.receive(oldProof)).toEqual(failure('bad-signature'))
    })

    it('fails when an end is shown its own messages', () => {
      const dialer = securityOf(replica(3))
      const begins = dialer.initiate(to(1))
      expect(begins.receive(openingOf(begins))).toEqual(failure('kind-not-for-this-link'))

      // Reflected to the dialer: its HELLO is for replica 1, and reflected it names replica 3 itself.
      const opening = openingOf(dialer.initiate(to(1)))
      expect(dialer.respond().receive(opening)).toEqual(failure('wrong-peer'))
      expect(dialer.respond().receive(altered(opening, { expected: 3 }))).toEqual(failure('wrong-peer'))

      // A responder's signature is no proof, though it covers the same transcript.
      const answers = securityOf(replica(1)).respond()
      const hello = altered(opening, { replicaId: 0, publicKey: signerOf(0).publicKey })
      const welcome = splitFrame(sentBy(answers.receive(hello)))
      if (isRejection(welcome)) throw new Error(welcome.reason)
      const reflected = frameOf(FRAME_KINDS.proof, [], Uint8Array.from(welcome.authentication))
      expect(answers.receive(reflected)).toEqual(failure('bad-signature'))
    })

    it('does not take the WELCOME’s signature for a PROOF, even from the same key', () => {
      // A client that uses replica 1's key dials replica 1: both ends then sign one transcript with one key.
      const begins = securityOf({ kind: 'client', signer: signerOf(1) }).initiate(to(1))
      const answers = securityOf(replica(1)).respond()
      const welcome = splitFrame(sentBy(answers.receive(openingOf(begins))))
      if (isRejection(welcome)) throw new Error(welcome.reason)
      const reflected = frameOf(FRAME_KINDS.proof, [], Uint8Array.from(welcome.authentication))
      expect(answers.receive(reflected)).toEqual(failure('bad-signature'))
    })

    it('fails on an ephemeral key of small order, on either side', () => {
      const weak = { ephemeralKey: new Uint8Array(32) }
      const begins = securityOf(replica(3)).initiate(to(1))
      const answers = securityOf(replica(1)).respond()
      expect(answers.receive(altered(openingOf(begins), weak))).toEqual(failure('small-order-key'))

      const hello = splitFrame(openingOf(begins))
      if (isRejection(hello)) throw new Error(hello.reason)
      const payload = welcomePayload({ replicaId: 1, nonce: new Uint8Array(32), ...weak })
      const transcript = suite.hash(transcriptOf(hello.payload, payload))
      const digest = createSigningDigest(suite.hash, clusterId)(FRAME_KINDS.welcome, transcript)
      const welcome = encodeWelcome(payload, signerOf(1).sign(digest)).bytes
      expect(begins.receive(welcome)).toEqual(failure('small-order-key'))
    })

    it('fails on a client key with a fault', () => {
      const opening = openingOf(securityOf(client(50)).initiate(to(1)))
      const answers = securityOf(replica(1)).respond()
      const faulty = altered(opening, { publicKey: new Uint8Array(32) })
      const expected = name === 'simulated' ? { kind: 'continue' } : failure('unknown-sender')
      expect(answers.receive(faulty)).toMatchObject(expected)
    })

    it('is over after it is over', () => {
      const answers = securityOf(replica(1)).respond()
      expect(answers.receive(Uint8Array.of(1, 2, 3)).kind).toBe('failed')
      const opening = openingOf(securityOf(replica(3)).initiate(to(1)))
      expect(answers.receive(opening)).toEqual(failure('handshake-over'))
    })

    it('refuses a body, a payload that is no array, a signature of another size', () => {
      const answers = () => securityOf(replica(1)).respond()
      const split = splitFrame(openingOf(securityOf(replica(3)).initiate(to(1))))
      if (isRejection(split)) throw new Error(split.reason)
      const withBody = encodeFrame({ ...split, body: Uint8Array.of(1) }).bytes
      expect(answers().receive(withBody)).toEqual(failure('body-not-expected'))
      const notArray = encodeFrame({ ...split, payload: Uint8Array.of(0x01) }).bytes
      expect(answers().receive(notArray)).toEqual(failure('payload-shape'))
      const signed = encodeFrame({ ...split, authentication: new Uint8Array(64) }).bytes
      expect(answers().receive(signed)).toEqual(failure('bad-signature'))
    })

    it('turns no bytes into an exception', () => {
      const kinds = fc.constantFrom(
        FRAME_KINDS.hello,
        FRAME_KINDS.welcome,
        FRAME_KINDS.proof,
        FRAME_KINDS.commit,
      )
      const item = fc.oneof(
        fc.nat(),
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
      )
      const built = fc
        .tuple(kinds, fc.array(item, { maxLength: 9 }), fc.constantFrom(0, 63, 64))
        .map(([kind, items, size]) => frameOf(kind, items, new Uint8Array(size)))
      const opening = openingOf(securityOf(replica(3)).initiate(to(1)))
      const damaged = fc.nat({ max: opening.length * 8 - 1 }).map((bit) => flipped(opening, bit))
      const cut = fc.nat({ max: opening.length }).map((length) => opening.subarray(0, length))
      const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), built, damaged, cut)
      const property = fc.property(bytes, bytes, (first, second) => {
        const answers = securityOf(replica(1)).respond()
        answers.receive(first)
        expect(answers.receive(second).kind).toBe('failed')
        expect(securityOf(replica(3)).initiate(to(1)).receive(first).kind).toBe('failed')
      })
      fc.assert(property, { numRuns: 300 })
    })

    it('takes a key that the cluster does not list for our own mistake', () => {
      const identity = { kind: 'replica', id: to(1), signer: signerOf(2) } as const
      expect(() => securityOf(identity)).toThrow('another key')
      expect(() => securityOf(replica(1)).initiate(to(1))).toThrow('itself')
      expect(() => securityOf(replica(1)).initiate(to(4))).toThrow('no replica 4')
      expect(() => securityOf(client(50)).respond()).toThrow('only replicas')
    })
  })
})
