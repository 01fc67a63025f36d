/** A mistake in each multicast is found when all runs are walked. */
import { expect, test } from 'vitest'
import type { AsynchronousAlgorithm, TypedMessage } from '../../src/classics/automaton.ts'
import type { Line } from '../../src/classics/multicast/script.ts'
import { exploreOrders } from '../../src/simulator/classics/explore-orders.ts'
import { ANSWER, ONE, TWO_AND_ONE, TWO_AT_ONCE } from '../../src/simulator/classics/gallery/multicast.ts'
import { type DeliveryOrder, deliveries } from '../../src/simulator/classics/multicast-judge.ts'
import type { FaultBudget } from '../../src/simulator/classics/world.ts'
import { importMutated } from './mutated-module.ts'

type Factory = (options: object) => AsynchronousAlgorithm<unknown, TypedMessage>

interface Mutant {
  readonly what: string
  readonly file: string
  readonly make: string
  readonly search: string
  readonly replacement: string
  readonly script: readonly Line[]
  readonly order: DeliveryOrder
  readonly faults?: FaultBudget
  readonly found: string
}

const MUTANTS: readonly Mutant[] = [
  {
    what: 're-broadcast leaves out the last process',
    file: 'reliable',
    make: 'reliableMulticast',
    search: 'everyoneBut(n, self, origin)',
    replacement: 'everyoneBut(n, self, origin, n - 1)',
    script: ONE,
    order: 'none',
    faults: { crashes: 1 },
    found: 'agreement',
  },
  {
    what: 'a gap in the numbers is not asked for',
    file: 'negative-acknowledgements',
    make: 'nakMulticast',
    search: 'number < below',
    replacement: 'number < below - 1',
    script: [
      { sender: 0, text: 'a', after: null },
      { sender: 0, text: 'b', after: null },
    ],
    order: 'fifo',
    faults: { losses: 1 },
    found: 'agreement',
  },
  {
    what: 'FIFO: any later message is delivered',
    file: 'fifo',
    make: 'fifoMulticast',
    search: 'number === (delivered[origin] ?? 0) + 1',
    replacement: 'number > (delivered[origin] ?? 0)',
    script: TWO_AND_ONE,
    order: 'fifo',
    found: 'fifo order',
  },
  {
    what: 'causal: what the sender had delivered of others is not waited for',
    file: 'causal',
    make: 'causalMulticast',
    search: 'count <= delivered',
    replacement: 'true',
    script: ANSWER,
    order: 'causal',
    found: 'causal order',
  },
  {
    what: 'sequencer: everyone gives places',
    file: 'sequencer',
    make: 'sequencerMulticast',
    search: 'if (self !== SEQUENCER)',
    replacement: 'if (false)',
    script: TWO_AT_ONCE,
    order: 'total',
    found: 'total order',
  },
  {
    what: 'ISIS: equal numbers are not told apart by the proposer',
    file: 'proposed-numbers',
    make: 'proposedNumbersMulticast',
    search: 'a.proposer < b.proposer',
    replacement: 'false',
    script: TWO_AT_ONCE,
    order: 'total',
    found: 'total order',
  },
  {
    what: 'ISIS: the sender takes the last number, not the highest',
    file: 'proposed-numbers',
    make: 'proposedNumbersMulticast',
    search: 'isLower(mine, message) ? message : mine',
    replacement: 'message',
    script: TWO_AT_ONCE,
    order: 'total',
    found: 'total order',
  },
]

test.each(MUTANTS)(
  '$what',
  async ({ file, make, search, replacement, script, order, faults = {}, found }) => {
    const module = await importMutated<Record<string, Factory>>({
      file: `src/classics/multicast/${file}.ts`,
      search,
      replacement,
    })
    const texts = script.map(({ text }) => text)
    const algorithm = module[make]?.({
      n: texts.length === 2 && make === 'nakMulticast' ? 2 : 3,
      script,
      texts,
      buffer: 2,
      heartbeats: 1,
    })
    if (algorithm === undefined) throw new Error(`${file} has no ${make}`)
    const { violation } = exploreOrders({
      setting: { algorithm, faults },
      judge: deliveries({ script, order }),
      isUnordered: true,
    })
    expect(violation?.property.split(':')[0]).toBe(found)
  },
)
