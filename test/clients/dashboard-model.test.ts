/** The dashboard without a browser: what it makes of events, of names of keys, and of two values. */
import { describe, expect, test } from 'vitest'
import { eventIn } from '../../clients/api/event-block.ts'
import { keyName, keyOfName } from '../../clients/api/key-name.ts'
import { ClusterModel, FLIGHT_MS, SLOTS_MAX } from '../../clients/web/browser/dashboard/cluster-model.ts'
import { differenceOf, encodedOfName, shortValue } from '../../clients/web/browser/dashboard/key-text.ts'

const occurrence = (kind: string, sequence: number, more: object = {}) => ({
  ...{ kind, sequence, at: 1_000, view: 0, peer: null, digest: 'aa' },
  ...more,
})
const told = (replica: number, occurrences: readonly object[], timerMs: number | null = null) => ({
  ...{ replica, occurrences, timerMs, omitted: 0 },
})

describe('the model of the cluster', () => {
  test('keeps the highest phase of each replica, and the last sequence numbers only', () => {
    const model = new ClusterModel()
    for (let sequence = 1; sequence <= 2 * SLOTS_MAX; sequence++) {
      const phases = ['committed', 'accepted', 'executed', 'prepared'].map((kind) =>
        occurrence(kind, sequence),
      )
      model.take('occurrences', told(2, phases), 0)
    }
    expect(model.slots.map(({ sequence }) => sequence)).toEqual(
      Array.from({ length: SLOTS_MAX }, (_, index) => SLOTS_MAX + 1 + index),
    )
    expect(model.slots.every(({ phases }) => phases[2] === 'executed')).toBe(true)
  })

  test('draws a vote as a message from its voter, and forgets it when it has arrived', () => {
    const model = new ClusterModel()
    model.take('occurrences', told(1, [occurrence('commit-vote', 3, { peer: 3 })]), 100)
    expect(model.flights).toMatchObject([{ from: 3, to: 1, family: 'commit', startsAt: 100 }])
    expect(model.land(100 + FLIGHT_MS - 1)).toBe(true)
    expect(model.land(100 + FLIGHT_MS)).toBe(false)
    for (let count = 0; count < 500; count++) {
      model.take('occurrences', told(1, [occurrence('commit-vote', count, { peer: 3 })]), 100)
    }
    expect(model.flights.length).toBeLessThan(100)
  })

  test('describes rare occurrences in a sentence, and runs a timer down between two answers', () => {
    const model = new ClusterModel()
    model.take('occurrences', told(0, [occurrence('convicted', 9, { peer: 2 })], 400), 0)
    expect(model.lines).toMatchObject([
      { replica: 0, isGrave: true, text: expect.stringContaining('convicts replica 2') },
    ])
    expect(model.timerOf(0, 100)).toEqual({ leftMs: 300, share: 0.25 })
    model.take('occurrences', told(0, [], 200), 200)
    expect(model.timerOf(0, 200)).toEqual({ leftMs: 200, share: 0.5 })
    model.take('occurrences', told(0, []), 300)
    expect(model.timerOf(0, 300)).toBeNull()
  })
})

describe('keys and values', () => {
  test.each([
    [[0]],
    [[255, 254]],
    [[0x5c, 0x6e]],
    [[...Buffer.from('a/../b\n\tü\u2028')]],
    [[...Buffer.from('%FF+ &')]],
  ])('the name of the bytes %j leads back to them in a query', (bytes) => {
    const key = Uint8Array.from(bytes)
    const encoded = encodedOfName(keyName(key)) ?? ''
    const parts = encoded.match(/%[0-9A-F]{2}|[^%]/g) ?? []
    const decoded = parts.flatMap((part) =>
      part.length === 3 ? [Number.parseInt(part.slice(1), 16)] : [...Buffer.from(part)],
    )
    expect(decoded).toEqual(bytes)
    expect(encoded).not.toMatch(/[&+#=/ ]/)
  })

  test.each(['a\\', '\\y', '\\xG0'])('%j is the name of no key', (name) => {
    expect(keyOfName(name)).toBeNull()
    expect(encodedOfName(name)).toBeNull()
  })

  test('the difference of two values keeps what both have', () => {
    expect(differenceOf('a\nb\nc', 'a\nx\nc\nd')).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'removed', text: 'b' },
      { kind: 'added', text: 'x' },
      { kind: 'same', text: 'c' },
      { kind: 'added', text: 'd' },
    ])
    expect(shortValue({ value: Buffer.from([255, 0]).toString('base64') })).toBe('bytes ff 00')
  })

  test('a block of a stream is read as browsers read it', () => {
    expect(eventIn(':')).toBeNull()
    expect(eventIn('event: status\nid: a-1\ndata: {"a":1}')).toEqual({
      event: 'status',
      id: 'a-1',
      data: '{"a":1}',
    })
    expect(eventIn('data: a\ndata: b')).toEqual({ event: 'message', id: null, data: 'a\nb' })
  })
})
