/** Answers that nobody reads: who leaves much lying is cut off, and who has left it for longest when all leave much. */
import { expect, test } from 'vitest'
import { UnreadAnswers } from '../../clients/gateway/unread-answers.ts'

const slow = {}
const other = {}

function answers() {
  const cuts: string[] = []
  const unread = new UnreadAnswers(10, 15)
  const add = (name: string, caller: object, bytes: number): object => {
    const call = {}
    const cut = (): void => {
      cuts.push(name)
      unread.remove(call)
    }
    unread.add(call, { caller, bytes, cut })
    return call
  }
  return { unread, cuts, add }
}

test('a caller who leaves too much lying loses what is new', () => {
  const { unread, cuts, add } = answers()
  add('first', slow, 6)
  add('second', slow, 5)
  expect(cuts).toEqual(['second'])
  add('of another', other, 5)
  expect([cuts.length, unread.bytes]).toEqual([1, 11])
})

test('when all leave too much lying, the oldest is ended', () => {
  const { unread, cuts, add } = answers()
  add('first', slow, 9)
  add('second', other, 5)
  add('third', other, 4)
  expect([cuts, unread.bytes]).toEqual([['first'], 9])
})

test('what was read counts no more', () => {
  const { unread, cuts, add } = answers()
  for (let round = 0; round < 5; round++) unread.remove(add('each', slow, 9))
  expect([cuts, unread.bytes]).toEqual([[], 0])
})
