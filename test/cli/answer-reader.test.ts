/** A command reads the declared members of an answer, ignores the others, and refuses anything else. */
import { expect, test } from 'vitest'
import { answerReader } from '../../clients/library/answer-reader.ts'

interface Thing {
  readonly count: number
  readonly name?: string
  readonly parts: readonly { readonly id: number; readonly of: 'left' | 'right' | null }[]
  readonly unread: boolean
}
const readThing = answerReader<Thing>()({
  count: 'number',
  name: { ifThere: 'string' },
  parts: [{ id: 'number', of: { orNull: 'string' } }],
})
const read = (value: unknown) => readThing(Buffer.from(JSON.stringify(value)))

test('what is declared is read, and what a newer gateway adds is passed over', () => {
  const answer = { count: 1, parts: [{ id: 2, of: null, more: 1 }], added: [] }
  expect(read(answer)).toEqual(answer)
  expect(read({ ...answer, name: 'n', parts: [] })).toMatchObject({ name: 'n', parts: [] })
})

test.each([
  [null, 'answer'],
  [[], 'answer'],
  ['text', 'answer'],
  [{}, 'answer.count'],
  [{ count: '1', parts: [] }, 'answer.count'],
  [{ count: 1, name: null, parts: [] }, 'answer.name'],
  [{ count: 1, parts: {} }, 'answer.parts'],
  [{ count: 1, parts: [{ id: 1, of: null }, { id: 1 }] }, 'answer.parts[1].of'],
  [{ count: 1, parts: [null] }, 'answer.parts[0]'],
])('%j is no answer: %s', (value, place) => {
  expect(() => read(value)).toThrow(
    `The server at this address is not a strategos gateway: its ${place} is missing or of another type.`,
  )
})

test('what is not JSON is no answer', () => {
  expect(() => readThing(Buffer.from('<p/>'))).toThrow('its answer is not JSON')
})
