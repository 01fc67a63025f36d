/** The end of an attack on processes: not before its expected effects have occurred. */
import { expect, test } from 'vitest'
import { hasShown, type Shown } from '../../attacks/run/processes/showing.ts'

const shown: Shown = { acts: 1, hasClientEnded: false, viewChanges: 2, executed: 32 }
const client = { awaits: ['reply', 'busy'], behaviour: () => ({}) } as const
const told: NonNullable<Shown['told']> = new Map([
  ['reply', 1],
  ['busy', 1],
])

test('an attack that waits for nothing has to act', () => {
  expect(hasShown({}, { ...shown, viewChanges: 0, executed: 0 })).toBe(true)
  expect(hasShown({}, { ...shown, acts: 0 })).toBe(false)
})

test.each([
  ['view changes', { untilViewChanges: 2 }, { viewChanges: 1 }],
  ['batches', { untilExecuted: 32 }, { executed: 31 }],
])('one that waits for %s goes on for want of one', (_, environment, less) => {
  expect(hasShown({ environment }, shown)).toBe(true)
  expect(hasShown({ environment }, { ...shown, ...less })).toBe(false)
})

test('a hostile client is waited for until it has all expected answers, unless its process is gone', () => {
  expect(hasShown({ client }, { ...shown, told })).toBe(true)
  expect(hasShown({ client }, { ...shown, told: new Map([['reply', 1]]) })).toBe(false)
  expect(hasShown({ client }, shown)).toBe(false)
  expect(hasShown({ client }, { ...shown, hasClientEnded: true })).toBe(true)
})
