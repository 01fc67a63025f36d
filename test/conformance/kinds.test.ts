/** The table of kinds, and the description of the wire that others build from. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
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

const README = readFileSync(new URL('../../src/messages/README.md', import.meta.url), 'utf8')

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
    expect(kindsWith({ taker: 'inquiries', mode: 'signed' })).toEqual(['evidence-inquiry'])
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

describe('the description of the wire', () => {
  /** `| 3, 4 | PREPARE, COMMIT | …` and `67 HEARTBEAT []`, as pairs of a name and a number. */
  const described = new Map<string, number>()
  for (const [, numbers = '', names = ''] of README.matchAll(
    /^\| ([\d, ]+?) +\| ([\w, -]+?) +\| [^|]*\| (?:the|link)/gm,
  )) {
    const parts = names.split(', ')
    for (const [index, number] of numbers.split(', ').entries())
      described.set(parts[index] ?? '', Number(number))
  }
  for (const [, number, name = ''] of README.matchAll(/^ {4}(\d+) ([A-Z]+) +\[/gm))
    described.set(name, Number(number))

  test.each(KIND_NAMES)('names %s with its number', (kind) => {
    const name = kind.startsWith('oral-') ? `oral ${kind.slice(5).toUpperCase()}` : kind.toUpperCase()
    expect(described.get(name)).toBe(KINDS[kind].number)
  })

  test('names no kind that does not exist', () => expect(described.size).toBe(KIND_NAMES.length))

  test.each(kindsWith({ author: 'replica', vouched: 'author' }))(
    'says that %s has its sender’s authentication',
    (kind) => {
      expect(README).toMatch(
        new RegExp(`^\\| [\\d, ]*\\b${KINDS[kind].number}\\b[\\d, ]*\\|[^|]*\\|[^|]*\\| the sender's`, 'm'),
      )
    },
  )
})
