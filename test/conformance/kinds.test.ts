/** The table of kinds, and what follows from it for links. */
import { describe, expect, test } from 'vitest'
import type { Peer } from '../../src/base/peer.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import {
  FRAME_KINDS,
  hasFacts,
  isFrameKind,
  KIND_NAMES,
  KINDS,
  kindName,
  kindsWith,
  numbersWith,
} from '../../src/messages/kinds.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { frameSamples, oralSamples } from '../kit/frame-samples.ts'

describe('the table of kinds', () => {
  test('gives every kind one number, and leads back from it', () => {
    expect(new Set(Object.values(FRAME_KINDS)).size).toBe(KIND_NAMES.length)
    for (const kind of KIND_NAMES) expect(kindName(FRAME_KINDS[kind])).toBe(kind)
    const numbers: readonly number[] = Object.values(FRAME_KINDS)
    for (let number = 0; number < 256; number++) expect(isFrameKind(number)).toBe(numbers.includes(number))
  })

  test('is read by any of its columns, and by several at once', () => {
    expect(kindsWith({ size: 'long' })).toEqual(['view-change', 'new-view'])
    expect(kindsWith({ isOnce: true })).toEqual(['pre-prepare', 'prepare', 'commit', 'checkpoint'])
    expect(kindsWith({ taker: 'inquiries', mode: 'signed' })).toEqual(['evidence-inquiry', 'state-inquiry'])
    expect(numbersWith({ size: 'bulk' })).toEqual(new Set([2, 8, 9]))
    expect(hasFacts({ kind: 'status' }, { isQuestion: true, lane: 'reserve' })).toBe(true)
    expect(hasFacts({ kind: 'fetch' }, { isQuestion: true, lane: 'reserve' })).toBe(false)
  })

  test('every kind that one mode lacks is on the side of the other', () => {
    // Whatever shows signatures has no place in oral mode, and nothing of oral mode shows any.
    expect(kindsWith({ mode: 'oral', vouched: 'shown' })).toEqual([])
    expect(kindsWith({ mode: 'both', vouched: 'shown' })).toEqual(['decision'])
    expect(kindsWith({ size: 'long', mode: 'oral' })).toEqual([])
  })
})

describe('what a link carries', () => {
  const kit = createClusterKit(4)
  const verdictOf = (bytes: Uint8Array, from: Peer): string => {
    const message = decodeMessage(bytes, kit.tools)
    const verified = isRejection(message) ? message : kit.authenticated(message, from)
    return isRejection(verified) ? verified.reason : 'accepted'
  }

  test.each(oralSamples(kit))(
    'PBFT-4.8 a signed cluster takes no $kind: what it says is signed here',
    ({ bytes, from }) => {
      expect(verdictOf(bytes, from)).toBe('kind-not-for-this-link')
    },
  )

  /** Named here once more: a list derived from the table could not show that a row of it is wrong. */
  const ofLinks: readonly string[] =
    'status fetch batch refusal report page-fetch page recall evidence place read-answer occurrences state-pages'.split(
      ' ',
    )
  const linked = frameSamples(kit).filter(({ kind }) => ofLinks.includes(kind))
  test.each(linked)('PBFT-1.11 a $kind is taken on the link of its sender alone', ({ bytes, from }) => {
    expect(verdictOf(bytes, from)).toBe('accepted')
    const others = kit.ids.filter((id) => id !== from.id)
    for (const id of others) expect(verdictOf(bytes, kit.replicaPeer(id))).toBe('sender-is-not-the-link')
    expect(verdictOf(bytes, kit.clientPeer(0))).toBe('kind-not-for-this-link')
  })

  test('there are samples of all of them', () => {
    expect(linked.map(({ kind }) => kind).sort()).toEqual(
      kindsWith({ author: 'replica', vouched: 'link' })
        .filter((kind) => KINDS[kind].mode !== 'oral')
        .sort(),
    )
  })
})
