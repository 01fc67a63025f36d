/** The tags of the frames on a link, with both ends in memory, against an attacker between them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../src/base/bytes.ts'
import { FRAME_KINDS } from '../../src/messages/kinds.ts'
import { createLinkKit, EMPTY, flipped, frameOf, LINK_SUITES, linkOf, openingOf, sentBy } from './link-kit.ts'

describe.each(LINK_SUITES)('a link in the suite %s', (name) => {
  const { securityOf, replica, client, to, linked } = createLinkKit(name)

  describe('its tags', () => {
    const body = new Uint8Array(1000).fill(5)
    const frames = [0, 1, 2, 3].map((number) =>
      frameOf(FRAME_KINDS.prepare, [3, 0, number], new Uint8Array(64).fill(number), body),
    )
    const [first, second, third] = frames as [Uint8Array, Uint8Array, Uint8Array]

    it('open in order, in both directions', () => {
      const { near, far } = linked()
      for (const frame of frames) {
        expect(far.opens(frame, near.seal(frame))).toBe(true)
        expect(near.opens(frame, far.seal(frame))).toBe(true)
      }
      expect(near.seal(first).length).toBe(16)
    })

    it('do not open twice', () => {
      const { near, far } = linked()
      const tag = near.seal(first)
      expect(far.opens(first, tag)).toBe(true)
      expect(far.opens(first, tag)).toBe(false)
    })

    it('do not open out of order or after a drop, and a refusal moves no counter', () => {
      const { near, far } = linked()
      const tags = [near.seal(first), near.seal(second), near.seal(third)] as const
      expect(far.opens(second, tags[1])).toBe(false)
      expect(far.opens(third, tags[2])).toBe(false)
      expect(far.opens(first, tags[0])).toBe(true)
      expect(far.opens(third, tags[2])).toBe(false)
      expect(far.opens(second, tags[1])).toBe(true)
    })

    it('do not open with any bit of the length, the envelope or the tag altered', () => {
      const { near, far } = linked()
      const tag = near.seal(first)
      const covered = first.length - body.length
      for (let bit = 0; bit < covered * 8; bit++) expect(far.opens(flipped(first, bit), tag)).toBe(false)
      for (let bit = 0; bit < 128; bit++) expect(far.opens(first, flipped(tag, bit))).toBe(false)
      expect(far.opens(first, tag.subarray(0, 15))).toBe(false)
      expect(far.opens(first, concatBytes(tag, tag))).toBe(false)
      expect(far.opens(first, tag)).toBe(true)
    })

    it('leave the body to its digest in the payload', () => {
      const { near, far } = linked()
      expect(far.opens(flipped(first, first.length * 8 - 1), near.seal(first))).toBe(true)
    })

    it('do not open at the end that made them, nor on another link of the same two', () => {
      const { near, far } = linked()
      expect(near.opens(first, near.seal(first))).toBe(false)
      const other = linked(client(50))
      expect(far.opens(first, other.near.seal(first))).toBe(false)
      const dialer = securityOf(replica(3))
      const again = [dialer.initiate(to(1)), dialer.initiate(to(1))].map((begins) => {
        const answers = securityOf(replica(1)).respond()
        const proved = begins.receive(sentBy(answers.receive(openingOf(begins))))
        return { near: linkOf(proved), far: linkOf(answers.receive(sentBy(proved))) }
      })
      expect(again[1]?.far.opens(first, again[0]?.near.seal(first) ?? EMPTY)).toBe(false)
      expect(again[1]?.far.opens(first, again[1]?.near.seal(first) ?? EMPTY)).toBe(true)
    })

    it('turn no bytes into an exception', () => {
      const { far } = linked()
      const property = fc.property(
        fc.uint8Array({ maxLength: 100 }),
        fc.uint8Array({ maxLength: 20 }),
        (frame, tag) => {
          expect(far.opens(frame, tag)).toBe(false)
        },
      )
      fc.assert(property, { numRuns: 500 })
    })
  })
})
