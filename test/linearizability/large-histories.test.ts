/** Long histories of a store that is linearizable, as they are and with one answer made wrong. */
import { expect, test } from 'vitest'
import { createRandom } from '../../src/base/random.ts'
import { checkHistory } from '../../src/linearizability/check-history.ts'
import { deeper } from '../kit/depth.ts'
import { type Recorded, readLines, recordStore } from './history-kit.ts'

/** Gives a late read the value of an earlier one of its key that was overwritten long before. */
function plantStaleRead(
  { lines, reads }: Recorded,
  seed: number,
): { lines: string[]; key: string; line: number } {
  const random = createRandom(seed)
  for (;;) {
    const late = random.pick(reads.slice(reads.length >> 1))
    const old = reads.find(({ key }) => key === late.key)
    const between = reads.filter(({ key, line }) => key === late.key && line < late.line - 200)
    if (old === undefined || new Set(between.map(({ value }) => value)).size < 3) continue
    const changed = [...lines]
    changed[late.line] = JSON.stringify({ ...JSON.parse(changed[late.line] as string), value: old.value })
    return { lines: changed, key: late.key, line: late.line + 1 }
  }
}

const MANY = deeper(8_000, 20_000)
const settings = [
  { operations: MANY, keys: 200, processes: 16 },
  { operations: MANY, keys: 1, processes: 16 },
  { operations: 5_000, keys: 5, processes: 64 },
  { operations: 5_000, keys: 5, processes: 8, doubt: 0.02 },
]

test.each(settings)('$operations operations over $keys keys by $processes processes', (setting) => {
  for (let seed = 1; seed <= deeper(1, 3); seed++) {
    const recorded = recordStore({ seed, ...setting })
    expect(checkHistory(readLines(recorded.lines))).toMatchObject({
      kind: 'linearizable',
      operations: setting.operations,
    })
    const planted = plantStaleRead(recorded, seed)
    const verdict = checkHistory(readLines(planted.lines))
    if (verdict.kind !== 'not-linearizable') throw new Error(`the verdict is ${verdict.kind}`)
    expect(verdict.offence.key).toBe(planted.key)
    expect(verdict.offence.operations.map(({ completedAt }) => completedAt)).toContain(planted.line)
    expect(verdict.offence.operations.length).toBeLessThan(12)
  }
})
