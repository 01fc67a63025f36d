import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { SEGMENT_BYTES, ValueArena } from '../../src/store/value-arena.ts'

test('slots keep what they were given, through replacements and moves', () => {
  const random = createRandom(42)
  const arena = new ValueArena()
  const model = new Map<number, Uint8Array>()
  const source = new Uint8Array(100_000)
  for (let round = 0; round < 30_000; round++) {
    const slot = random.below(2_000)
    const from = random.below(100)
    const length = random.chance(0.002) ? random.between(30_000, 90_000) : random.below(400)
    source.fill(round & 255, from, from + length)
    const held = model.has(slot)
    if (held && random.chance(0.3)) {
      arena.release(slot)
      model.delete(slot)
    } else {
      if (held) arena.replace(slot, source, from, from + length)
      else arena.store(slot, source, from, from + length)
      model.set(slot, source.slice(from, from + length))
    }
  }
  expect(model.size).toBeGreaterThan(1_000)
  for (const [slot, value] of model) {
    const target = new Uint8Array(value.length)
    expect(arena.length(slot)).toBe(value.length)
    arena.copy(slot, target, 0)
    expect(Buffer.compare(target, value), `slot ${slot}`).toBe(0)
  }
})

test('gaps do not add up: memory stays below twice the values and a few segments', () => {
  const arena = new ValueArena()
  const source = new Uint8Array(64 * 1024)
  // Sizes that grow leave gaps that nothing fits into; one value in 400 stays behind each time.
  let slot = 0
  for (let size = 100; size <= 30_000; size += 500) {
    const first = slot
    for (let count = 0; count < 400; count++) arena.store(slot++, source, 0, size)
    for (let other = first + 1; other < slot; other++) arena.release(other)
  }
  const live = Array.from({ length: 60 }, (_, index) => 100 + index * 500 + 8).reduce(
    (sum, each) => sum + each,
    0,
  )
  expect(arena.heldBytes).toBeLessThanOrEqual(2 * live + 6 * SEGMENT_BYTES)
})

test('a large value has its own room, and gives it back', () => {
  const arena = new ValueArena()
  arena.store(0, new Uint8Array(1 << 20), 0, 1 << 20)
  const held = arena.heldBytes
  for (let round = 0; round < 50; round++)
    arena.replace(0, new Uint8Array(1 << 20), 0, (1 << 20) - (round % 2))
  expect(arena.heldBytes).toBeLessThanOrEqual(held)
  arena.release(0)
  expect(arena.heldBytes).toBe(0)
})

test('an empty value takes no room', () => {
  const arena = new ValueArena()
  arena.store(0, new Uint8Array(9), 5, 5)
  expect(arena.length(0)).toBe(0)
  expect(arena.heldBytes).toBe(0)
  arena.replace(0, Uint8Array.of(1, 2, 3), 1, 3)
  const target = new Uint8Array(2)
  arena.copy(0, target, 0)
  expect([...target]).toEqual([2, 3])
})
