/** The counts of `strategos costs` are those of PROTOCOL.md section 8, for each size; and a row that differs is seen. */
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCostsCommand } from '../../clients/cli/commands/costs.ts'
import { csvOf, tableOf } from '../../clients/cli/costs-table.ts'
import { type CostRow, judge } from '../../src/costs/costs.ts'
import { measureGenerals } from '../../src/costs/measure-generals.ts'
import { measureStore } from '../../src/costs/measure-store.ts'
import { fastSuite } from '../../src/simulator/world/fast-suite.ts'
import { deeper, IS_DEEP } from '../kit/depth.ts'

/** The table of section 8, its numbers as they stand there: n = 4, 7, 10. */
const GENERALS: Readonly<Record<string, readonly number[]>> = {
  'OM(m), a message per path': [9, 156, 3_609],
  'OM(m), a packet per link and round': [9, 66, 225],
  'SM(m)': [9, 36, 81],
  'Dolev–Strong, correct sender': [9, 36, 81],
  'exponential information gathering': [24, 126, 360],
  'phase king': [54, 270, 756],
  FloodSet: [24, 126, 360],
  'Bracha reliable broadcast': [27, 90, 189],
  'Ben-Or, per phase': [24, 84, 180],
  '2PC': [9, 18, 27],
  '2PC, with acknowledgements': [12, 24, 36],
  '3PC': [15, 30, 45],
  '3PC, with the final acknowledgement': [18, 36, 54],
  Paxos: [15, 30, 45],
  'Paxos, stable leader': [9, 18, 27],
  'Raft, election': [6, 12, 18],
  'Raft, replication': [6, 12, 18],
}
const STORE: Readonly<Record<string, readonly number[]>> = {
  'PBFT between replicas': [24, 84, 180],
  'PBFT with request and replies': [29 + 1 / 16, 92 + 1 / 16, 191 + 1 / 16],
  'PBFT, one backup crashed, between replicas': [18, 72, 162],
  checkpoint: [12, 42, 90],
  'view change, all alive': [15, 48, 99],
  'view change, old primary dead': [12, 42, 90],
}

/** Columns of the table, and their sizes. More replicas take most of the time and count by the same rules. */
const STORE_SIZES = deeper<readonly (readonly [column: number, n: number])[]>(
  [[0, 4]],
  [
    [0, 4],
    [1, 7],
    [2, 10],
  ],
)

test.each([
  [0, 4],
  [1, 7],
  [2, 10],
])('the generals, size %i of the table: n = %i', (column, n) => {
  const rows = measureGenerals({ n, suite: fastSuite, stopwatch: null }).map(judge)
  expect(rows.filter(({ verdict }) => verdict === 'differs')).toEqual([])
  const counted = Object.fromEntries(rows.map(({ protocol, counts }) => [protocol, counts.messages]))
  for (const [protocol, messages] of Object.entries(GENERALS))
    expect([protocol, counted[protocol]]).toEqual([protocol, messages[column]])
  const bound = [15, 66, 153][column] ?? 0
  expect(counted['Dolev–Strong, any sender']).toBeLessThanOrEqual(bound)
  expect(counted['Dolev–Strong, any sender']).toBeGreaterThanOrEqual((n - 1) ** 2)
})

test.each(STORE_SIZES)('the store, size %i of the table: n = %i', (column, n) => {
  const rows = measureStore({ n, mode: 'signed', suite: fastSuite, stopwatch: null }).map(judge)
  expect(rows.filter(({ verdict }) => verdict !== 'equal')).toEqual([])
  const counted = new Map(rows.map((row) => [row.protocol, row]))
  for (const [protocol, messages] of Object.entries(STORE))
    expect([protocol, counted.get(protocol)?.counts.messages]).toEqual([protocol, messages[column]])
  const ordering = counted.get('PBFT between replicas')?.counts
  // Each of the n − 1 PREPAREs, the n COMMITs and the PRE-PREPARE has its signature, and each frame its tag at both ends.
  expect(ordering?.signaturesMade).toBe(2 * n)
  expect(ordering?.tagsMade).toBe(ordering?.messages)
  expect(ordering?.tagsChecked).toBe(ordering?.messages)
  expect(ordering?.macsMade).toBe(0)
})

/** The MACs of one decision, made and checked, where Q = 2f + 1: n = 4, 7, 10. */
const MACS: Readonly<Record<string, readonly (readonly [made: number, checked: number])[]>> = {
  'PBFT between replicas': [
    [24, 16],
    [84, 56],
    [180, 120],
  ],
  'PBFT, one backup crashed, between replicas': [
    [18, 12],
    [72, 48],
    [162, 108],
  ],
  checkpoint: [
    [12, 8],
    [42, 28],
    [90, 60],
  ],
  'view change, all alive': [
    [15, 15],
    [48, 48],
    [99, 99],
  ],
  'view change, old primary dead': [
    [12, 8],
    [42, 35],
    [90, 80],
  ],
}

test.runIf(IS_DEEP).each(STORE_SIZES)('the store in oral mode, size %i of the table: n = %i', (column, n) => {
  const rows = measureStore({ n, mode: 'oral', suite: fastSuite, stopwatch: null }).map(judge)
  expect(rows.filter(({ verdict }) => verdict !== 'equal')).toEqual([])
  const counted = new Map(rows.map((row) => [row.protocol, row.counts]))
  const oral = {
    ...STORE,
    'view change, all alive': [21, 78, 171],
    'view change, old primary dead': [14, 62, 146],
  }
  for (const [protocol, messages] of Object.entries(oral))
    expect([protocol, counted.get(`${protocol}, oral`)?.messages]).toEqual([protocol, messages[column]])
  for (const [protocol, macs] of Object.entries(MACS)) {
    const { macsMade, macsChecked, signaturesMade } = counted.get(`${protocol}, oral`) ?? {}
    expect([protocol, [macsMade, macsChecked], signaturesMade]).toEqual([protocol, macs[column], 0])
  }
  // Nothing but the request is signed, and everybody checks that.
  const whole = counted.get('PBFT with request and replies, oral')
  expect([whole?.signaturesMade, whole?.signaturesChecked]).toEqual([1, n])
})

test('a row that differs from its closed form is seen, in messages and in rounds', () => {
  const [row] = measureGenerals({ n: 4, suite: fastSuite, stopwatch: null })
  if (row === undefined) throw new Error('there are rows')
  const changed = (counts: Partial<CostRow['counts']>): CostRow =>
    judge({ ...row, counts: { ...row.counts, ...counts } })
  expect(changed({}).verdict).toBe('equal')
  expect(changed({ messages: row.counts.messages + 1 }).verdict).toBe('differs')
  expect(changed({ rounds: 3 }).verdict).toBe('differs')
  expect(changed({ macsMade: 1 }).verdict).toBe('differs')
  expect(tableOf([changed({ messages: 10 })], { modes: ['signed'], suite: 'sodium' })).toContain(
    'OM(m), a message per path differs: 10 messages in 2 rounds, not 9 in 2.',
  )
  const [head, line] = csvOf([changed({ messages: 10 })]).split('\r\n')
  expect(head?.split(',').length).toBe(24)
  expect(line).toContain('"OM(m), a message per path",10,')
})

test('a bound is no equality: less is within it, more is not', () => {
  const row = measureGenerals({ n: 4, suite: fastSuite, stopwatch: null }).find(({ protocol }) =>
    protocol.endsWith('any sender'),
  )
  if (row === undefined) throw new Error('there is a bound')
  const verdict = (messages: number) => judge({ ...row, counts: { ...row.counts, messages } }).verdict
  expect([verdict(14), verdict(15), verdict(16)]).toEqual(['within', 'equal', 'differs'])
})

test.each([
  [['--replicas', '5'], 'Expected cluster sizes separated by commas, for example 4,7,10,13.'],
  [['--replicas', '4,'], 'Expected cluster sizes separated by commas, for example 4,7,10,13.'],
  [['--crypto', 'rot13'], 'Allowed choices are sodium, noble.'],
  [['--json', '--csv'], 'cannot be used with option'],
])('costs %s is refused with a reason', async (flags, reason) => {
  const program = new Command().exitOverride()
  addCostsCommand(program)
  let said = ''
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ writeErr: (text) => (said += text) })
  }
  await expect(program.parseAsync(['node', 'strategos', 'costs', ...flags])).rejects.toThrow()
  expect(said).toContain(reason)
})
