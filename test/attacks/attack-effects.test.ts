/** The end of an attack on processes: not before its expected effects have occurred. */
import { expect, test } from 'vitest'
import { type AttackEffects, hasTakenEffect } from '../../attacks/run/processes/attack-effects.ts'

const shown: AttackEffects = { acts: 1, hasClientEnded: false, viewChanges: 2, executed: 32 }
const client = { awaits: ['reply', 'busy'], behaviour: () => ({}) } as const
const told: NonNullable<AttackEffects['told']> = new Map([
  ['reply', 1],
  ['busy', 1],
])

test('an attack that waits for nothing must act', () => {
  expect(hasTakenEffect({}, { ...shown, viewChanges: 0, executed: 0 })).toBe(true)
  expect(hasTakenEffect({}, { ...shown, acts: 0 })).toBe(false)
})

test.each([
  ['view changes', { untilViewChanges: 2 }, { viewChanges: 1 }],
  ['batches', { untilExecuted: 32 }, { executed: 31 }],
])('one that waits for %s goes on for want of one', (_, environment, less) => {
  expect(hasTakenEffect({ environment }, shown)).toBe(true)
  expect(hasTakenEffect({ environment }, { ...shown, ...less })).toBe(false)
})

test('a hostile client is waited for until it has all expected answers, unless its process is gone', () => {
  expect(hasTakenEffect({ client }, { ...shown, told })).toBe(true)
  expect(hasTakenEffect({ client }, { ...shown, told: new Map([['reply', 1]]) })).toBe(false)
  expect(hasTakenEffect({ client }, shown)).toBe(false)
  expect(hasTakenEffect({ client }, { ...shown, hasClientEnded: true })).toBe(true)
})
