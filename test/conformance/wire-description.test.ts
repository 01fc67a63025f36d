/** The description of the wire, from which others write clients: it names each kind, with its number. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { KIND_NAMES, KINDS, kindsWith } from '../../src/messages/kinds.ts'

const README = readFileSync(new URL('../../src/messages/README.md', import.meta.url), 'utf8')

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
