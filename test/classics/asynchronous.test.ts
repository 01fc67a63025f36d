/** Agreement without clocks: Bracha's reliable broadcast and Ben-Or's coins, in every order that seeds draw. */
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import { createRandom } from '../../src/base/random.ts'
import { type BenOrOptions, benOr, encodeExchange, NO_PROPOSAL } from '../../src/classics/agreement/ben-or.ts'
import { encodeStage, reliableBroadcast } from '../../src/classics/agreement/reliable-broadcast.ts'
import type { Message, ProcessId, Value } from '../../src/classics/process.ts'
import { forEachChoice } from '../../src/simulator/classics/explore-rounds.ts'
import { runMessages } from '../../src/simulator/classics/run-messages.ts'
import { lyingBroadcaster, lyingTosser } from '../../src/simulator/classics/traitors.ts'
import { commonValue, draw, everyInput, fault, outcomeOf } from './generals-kit.ts'

describe('reliable broadcast', () => {
  /** With a faulty sender nobody need deliver; but all do, or none. */
  const faultWithLiar = (
    run: ReturnType<typeof runMessages>,
    faulty: readonly ProcessId[],
  ): string | null => {
    const outcome = outcomeOf(run, faulty)
    return outcome.every((decision) => decision === null || decision === undefined)
      ? null
      : fault(outcome, null)
  }

  test('n = 4: all that a faulty sender can send, each in an order of its own: all deliver it, or none', () => {
    const algorithm = reliableBroadcast({ n: 4, faults: 1 })
    const random = createRandom(1)
    const schedule = (underWay: readonly unknown[]) => random.below(underWay.length)
    let tried = 0
    let run = 0
    let delivered = 0
    forEachChoice((choose) => {
      const messages = lyingBroadcaster({ n: 4, self: 0, sender: 0 }, choose)
      tried++
      // The three receivers are alike: who of them gets which messages does not matter.
      if (!isSorted([1, 2, 3].map((id) => textTo(messages, id)))) return
      run++
      const result = runMessages({
        algorithm,
        values: [0, 0, 0, 0],
        lies: new Map([[0, messages]]),
        schedule,
      })
      const found = faultWithLiar(result, [0])
      if (found !== null) throw new Error(`${found} in run ${run}`)
      if (result.decisions.some((decided) => decided !== null)) delivered++
    })
    expect(tried).toBe(3 ** 9)
    expect(run).toBe((27 * 28 * 29) / 6)
    expect(delivered).toBeGreaterThan(100)
    expect(delivered).toBeLessThan(run)
  })

  test('n = 4: whatever another one sends, a correct sender is delivered by all', () => {
    const algorithm = reliableBroadcast({ n: 4, faults: 1 })
    const random = createRandom(2)
    const schedule = (underWay: readonly unknown[]) => random.below(underWay.length)
    forEachChoice((choose) => {
      const lies = new Map([[3, lyingBroadcaster({ n: 4, self: 3, sender: 0 }, choose)]])
      const run = runMessages({ algorithm, values: [1, 0, 0, 0], lies, schedule })
      expect(fault(outcomeOf(run, [3]), 1)).toBeNull()
    })
  })

  test.each([
    [7, 2],
    [10, 3],
  ])('n = %i, f = %i: over seeds', (n, faults) => {
    const algorithm = reliableBroadcast({ n, faults })
    for (let seed = 1; seed <= 60; seed++) {
      const { values, faulty, choose, schedule } = draw(seed, n, faults)
      const lies = new Map(faulty.map((self) => [self, lyingBroadcaster({ n, self, sender: 0 }, choose)]))
      const run = runMessages({ algorithm, values, lies, schedule })
      const found = faulty.includes(0)
        ? faultWithLiar(run, faulty)
        : fault(outcomeOf(run, faulty), values[0] ?? null)
      expect(found).toBeNull()
    }
  })

  test('n = 4 with two liars: they make two of it, and each is sure', () => {
    const sayTo = (to: ProcessId, value: Value, isSender: boolean) =>
      (['initial', 'echo', 'ready'] as const)
        .filter((stage) => isSender || stage !== 'initial')
        .map((stage) => ({ to, payload: encodeStage(stage, value) }))
    const lies = new Map([
      [0, [...sayTo(1, 0, true), ...sayTo(2, 1, true)]],
      [3, [...sayTo(1, 0, false), ...sayTo(2, 1, false)]],
    ])
    const run = runMessages({ algorithm: reliableBroadcast({ n: 4, faults: 1 }), values: [0, 0, 0, 0], lies })
    expect(outcomeOf(run, [0, 3])).toEqual([undefined, 0, 1, undefined])
  })

  test('n = 3: a silent third keeps a correct sender from being delivered', () => {
    const run = runMessages({
      algorithm: reliableBroadcast({ n: 3, faults: 1 }),
      values: [1, 0, 0],
      lies: new Map([[2, []]]),
    })
    expect(outcomeOf(run, [2])).toEqual([null, null, undefined])
  })
})

describe('Ben-Or', () => {
  const tossing = (options: Omit<BenOrOptions, 'coin'>, seed: number) =>
    benOr({ ...options, coin: (self, phase) => createRandom(seed * 100_000 + phase * 100 + self).below(2) })

  test('n = 4: after any crash after any message, the others agree', () => {
    const phases: number[] = []
    // The first of them crashes: which one it is does not matter.
    for (const values of everyInput(4)) {
      for (let sent = 0; sent <= 18; sent++) {
        const { schedule } = draw(sent, 4, 0)
        const algorithm = tossing({ n: 4, faults: 1, model: 'crash' }, sent)
        const run = runMessages({ algorithm, values, schedule, crashes: new Map([[0, sent]]) })
        expect(fault(outcomeOf(run, [0]), commonValue(values, []))).toBeNull()
        phases.push(run.rounds)
      }
    }
    expect(Math.max(...phases)).toBeGreaterThan(2) // some had to toss
  })

  test.each([
    [6, 1],
    [11, 2],
  ])('n = %i: whatever %i liars say, over seeds', (n, faults) => {
    for (let seed = 1; seed <= 60; seed++) {
      const { values, faulty, choose, schedule } = draw(seed, n, faults)
      const lies = new Map(faulty.map((self) => [self, lyingTosser({ n, self, phases: 12 }, choose)]))
      const algorithm = tossing({ n, faults, model: 'lies' }, seed)
      const run = runMessages({ algorithm, values, lies, schedule })
      expect(fault(outcomeOf(run, faulty), commonValue(values, faulty))).toBeNull()
    }
  })

  test('n = 4 with two that may crash: no majority can be heard, and no process ever decides', () => {
    const run = runMessages({
      algorithm: tossing({ n: 4, faults: 2, model: 'crash' }, 1),
      values: [1, 1, 1, 1],
      deliveriesMax: 5_000,
    })
    expect(outcomeOf(run, [])).toEqual([null, null, null, null])
  })

  test('n = 5 with one liar: all begin with 1, and agree on 0', () => {
    const to = [0, 1, 2, 3]
    const lies = [1, 2, 3].flatMap((phase) =>
      to.flatMap((id) => [
        { to: id, payload: encodeExchange({ phase, exchange: 'say', value: 0 }) },
        {
          to: id,
          payload: encodeExchange({ phase, exchange: 'propose', value: phase === 1 ? NO_PROPOSAL : 0 }),
        },
      ]),
    )
    // The liar's messages come first, so one honest word is not waited for.
    const run = runMessages({
      algorithm: benOr({ n: 5, faults: 1, model: 'lies', coin: () => 0 }),
      values: [1, 1, 1, 1, 0],
      lies: new Map([[4, lies]]),
      schedule: (underWay) =>
        Math.max(
          0,
          underWay.findIndex(({ from }) => from === 4),
        ),
    })
    expect(outcomeOf(run, [4])).toEqual([0, 0, 0, 0, undefined])
  })
})

const textTo = (messages: readonly Message[], id: ProcessId): string =>
  messages
    .filter(({ to }) => to === id)
    .map(({ payload }) => toHex(payload))
    .join()

const isSorted = (texts: readonly string[]): boolean =>
  texts.every((text, index) => index === 0 || (texts[index - 1] ?? '') <= text)
