/** The document of the wire format names every number that the code has, and no other. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KIND_NAMES, KINDS } from '../../src/messages/kinds.ts'
import { PROTOCOL_VERSION } from '../../src/messages/limits.ts'
import { unpackPayload } from '../../src/messages/payload.ts'
import { REFUSAL_REASONS } from '../../src/messages/refusal.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { OPERATION_CODES } from '../../src/store/operations.ts'
import { STATUSES } from '../../src/store/results.ts'
import { ROOT } from '../kit/built-program.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { frameSamples, oralSamples, partsOf } from '../kit/frame-samples.ts'

const kit = createClusterKit(4)
const DOCUMENT = readFileSync(join(ROOT, 'src/messages/README.md'), 'utf8')

/** The numbers of a cell such as "3, 4" or "6 – 9". */
const numbersOf = (cell: string): readonly number[] =>
  cell.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('–').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })

/** The cells of each row of the table with this heading. */
function rowsOf(heading: RegExp): readonly (readonly string[])[] {
  const lines = DOCUMENT.split('\n')
  const rows = lines.slice(lines.findIndex((line) => heading.test(line)) + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

/** By number, the name in the second column of the table with this heading. */
const namesOf = (heading: RegExp): ReadonlyMap<number, string> =>
  new Map(
    rowsOf(heading).flatMap(([numbers = '', names = '']) => {
      const each = names.split(', ')
      return numbersOf(numbers).map((number, index) => [number, each[index] ?? names] as const)
    }),
  )

const swapped = (codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> =>
  new Map(Object.entries(codes).map(([name, number]) => [number, name]))

const sorted = <T>(table: ReadonlyMap<number, T>): readonly (readonly [number, T])[] =>
  [...table].sort(([one], [other]) => one - other)

test('its title has the version of the protocol', () => {
  expect(DOCUMENT.split('\n')[0]).toBe(`# The wire, version ${PROTOCOL_VERSION}`)
})

test('every kind of message has a row with its name', () => {
  const names = sorted(namesOf(/^\| kind/)).map(([number, name]) => [
    number,
    name.toLowerCase().replaceAll(' ', '-'),
  ])
  const messages = KIND_NAMES.filter((kind) => KINDS[kind].taker !== 'link')
  expect(names).toEqual(messages.map((kind) => [KINDS[kind].number, kind]))
})

test('every message has as many items in its payload as its row says', () => {
  const payloads = new Map(
    rowsOf(/^\| kind/).flatMap(([numbers = '', , payload = '']) => {
      const items = payload.replace(/\([^)]*\)|\[[^\]]*, [^\]]*\]/g, '').split(',').length
      return numbersOf(numbers).map((number) => [number, items] as const)
    }),
  )
  for (const { kind, bytes } of [...frameSamples(kit), ...oralSamples(kit)]) {
    const payload = unpackPayload(partsOf(bytes).payload)
    if (isRejection(payload)) throw new Error(payload.reason)
    expect([kind, payloads.get(KINDS[kind].number)]).toEqual([kind, payload.length])
  }
})

test('every operation and every status has a row with its name', () => {
  expect(sorted(namesOf(/^\| code/))).toEqual(sorted(swapped(OPERATION_CODES)))
  expect(sorted(namesOf(/^\| status/))).toEqual(sorted(swapped(STATUSES)))
})

test('every reason of a refusal is there with its number', () => {
  for (const [number, reason] of REFUSAL_REASONS.entries()) expect(DOCUMENT).toContain(`${number} ${reason}`)
})
