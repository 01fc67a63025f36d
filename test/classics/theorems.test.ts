/** Theorems beyond single entries of the gallery: their counts. */
import { describe, expect, test } from 'vitest'
import { benOr, readExchange } from '../../src/classics/agreement/ben-or.ts'
import { allProcesses } from '../../src/classics/automaton.ts'
import type { ProcessId, Value } from '../../src/classics/process.ts'
import {
  grid,
  intersection,
  isAvailable,
  isMasking,
  majorities,
  maskingThreshold,
} from '../../src/classics/quorums/quorum-systems.ts'
import { commit, deal, isRight, reconstruct, SMALL_GROUP } from '../../src/classics/secrets/shamir.ts'
import { duel } from '../../src/simulator/classics/duel.ts'
import { forEachChoice } from '../../src/simulator/classics/explore-rounds.ts'
import { figureEight } from '../../src/simulator/classics/figure-eight.ts'
import { oneLog } from '../../src/simulator/classics/gallery/consensus.ts'
import { endlessRun, unbrokenArmies } from '../../src/simulator/classics/gallery/impossibility.ts'
import type { SentMessage } from '../../src/simulator/classics/run.ts'
import { runMessages } from '../../src/simulator/classics/run-messages.ts'

describe('impossibility', () => {
  test.each([30, 90])(
    'FLP: nobody has decided after %i deliveries, and no message waits long',
    (deliveries) => {
      const run = endlessRun(deliveries)
      expect(run.deliveries).toBeGreaterThanOrEqual(deliveries)
      expect(run.longestWait).toBeLessThan(40)
      expect(run.diagram.events.filter(({ label }) => label.startsWith('decides'))).toEqual([])
    },
  )

  test('Ben-Or: of the 8^P ways in which the coins of P phases fall, the worst schedule leaves 6^P undecided', () => {
    for (const phases of [1, 2]) {
      let ways = 0
      let undecided = 0
      forEachChoice((choose) => {
        const tossed = new Map<string, Value>()
        let isOver = false
        const coin = (self: ProcessId, phase: number): Value => {
          if (phase > phases) isOver = true
          const key = `${phase} ${self}`
          const value = tossed.get(key) ?? (phase > phases ? 0 : choose(2))
          tossed.set(key, value)
          return value
        }
        const algorithm = benOr({ n: 3, faults: 1, model: 'crash', coin })
        runMessages({ algorithm, values: [0, 1, 1], schedule: splitting() })
        ways++
        if (isOver) undecided++
      })
      expect([ways, undecided]).toEqual([waysOf(phases), 6 ** phases])
    }
  })

  test('two armies: no exchange of up to six messages survives the loss of one, whatever the rules', () => {
    const { protocols, unbroken } = unbrokenArmies(6)
    expect(protocols).toBe(
      [1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + (Math.floor(k / 2) + 1) * Math.ceil(k / 2), 0),
    )
    expect(unbroken).toBe(0)
  })

  test.each([2, 5, 40])(
    'Paxos: a duel of %i ballots chooses nothing; when one gives way, all learn both commands',
    (ballots) => {
      expect(duel(ballots).world.outputs).toEqual([])
      const { outputs } = duel(ballots, true).world
      expect(oneLog({ outputs, crashed: [], ending: null })).toBeNull()
      expect(outputs.length).toBe(2 * 3)
    },
  )
})

/** Coins are tossed only while they have not all fallen alike: after that the next phase decides. */
const waysOf = (phases: number): number =>
  Array.from({ length: phases }, (_, phase) => (phase < phases - 1 ? 2 * 6 ** phase : 8 * 6 ** phase)).reduce(
    (sum, each) => sum + each,
    0,
  )

/** A schedule that gives each process first what differs from its own value. */
function splitting(): (underWay: readonly SentMessage[]) => number {
  const own = new Map<string, Value>()
  return (underWay) => {
    const messages = underWay.map(({ from, to, payload }) => ({ from, to, said: readExchange(payload) }))
    for (const { from, said } of messages)
      if (said !== null) own.set(`${from} ${said.phase} ${said.exchange}`, said.value)
    const rank = ({ to, said }: (typeof messages)[number]): number => {
      if (said === null) return 0
      const before = said.phase * 4 + (said.exchange === 'say' ? 0 : 2)
      const mine = own.get(`${to} ${said.phase} ${said.exchange}`)
      return before + (mine === said.value && said.exchange === 'say' ? 1 : 0)
    }
    const ranks = messages.map(rank)
    return ranks.indexOf(Math.min(...ranks))
  }
}

test('Raft: in the schedule of figure 8, nobody applies the old entry, and no vote is lost', () => {
  const { outputs } = figureEight(false).world
  expect(oneLog({ outputs, crashed: [], ending: null })).toBeNull()
  expect(outputs.filter(({ event }) => event === 'leads').map(({ process }) => process)).toEqual([0, 4, 0])
})

describe('quorum systems', () => {
  test.each([2, 3, 4, 5])('a grid of side %i: quorums of 2√n − 1, any two of which meet', (side) => {
    const quorums = grid(side)
    expect(quorums.length).toBe(side ** 2)
    expect(new Set(quorums.map((quorum) => quorum.length))).toEqual(new Set([2 * side - 1]))
    expect(intersection(quorums)).toBe(2)
    expect(isAvailable(quorums, side ** 2, side - 1)).toBe(true)
    expect(isAvailable(quorums, side ** 2, side)).toBe(false)
  })

  test('thresholds mask f liars exactly where n > 4f', () => {
    for (const f of [1, 2]) {
      for (let n = 3 * f + 1; n <= 4 * f + 2; n++) {
        expect([n, f, isMasking(maskingThreshold(n, f), n, f)]).toEqual([n, f, n > 4 * f])
      }
    }
    expect(intersection(majorities(5))).toBe(1)
  })

  test('the M-Grid masks f liars with √(f+1) rows and columns', () => {
    expect(isMasking(grid(3, 2), 9, 1)).toBe(true)
    expect(isMasking(grid(4, 2), 16, 1)).toBe(true)
    expect(isMasking(grid(3, 1), 9, 1)).toBe(false)
    expect(new Set(grid(4, 2).map((quorum) => quorum.length))).toEqual(new Set([2 * 2 * 4 - 4]))
  })
})

describe('secret sharing', () => {
  const { order } = SMALL_GROUP
  const numbers = allProcesses(Number(order)).map(BigInt)

  test('any two of three shares give the secret; one alone fits every secret equally often', () => {
    const seen = new Map<string, number>()
    for (const secret of numbers) {
      for (const slope of numbers) {
        const shares = deal(order, [secret, slope], 3)
        for (const left of [0, 1, 2]) {
          expect(
            reconstruct(
              order,
              shares.filter((_, place) => place !== left),
            ),
          ).toBe(secret)
        }
        for (const { index, value } of shares) {
          const key = `${index} ${value} ${secret}`
          seen.set(key, (seen.get(key) ?? 0) + 1)
        }
      }
    }
    expect(seen.size).toBe(3 * Number(order) ** 2)
    expect(new Set(seen.values())).toEqual(new Set([1]))
  })

  test('commitments confirm the right share and no other value', () => {
    for (const secret of numbers) {
      const coefficients = [secret, 4n, 9n]
      const commitments = commit(SMALL_GROUP, coefficients)
      for (const { index, value } of deal(order, coefficients, 5)) {
        const right = numbers.filter((each) => isRight(SMALL_GROUP, commitments, { index, value: each }))
        expect(right).toEqual([value])
      }
    }
  })
})
