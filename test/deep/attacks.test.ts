/**
 * Every attack that processes can run, on four real replicas, one after another. So short a run beside others' work has no
 * fair figures: those that miss are warnings here, and faults of `strategos attack` on a quiet machine.
 */
import { afterAll, expect, test } from 'vitest'
import { attackIn, EVERY_ATTACK } from '../../attacks/catalogue/every-attack.ts'
import { ProcessKit } from '../integration/process-kit.ts'
import { TimeShare } from './time-share.ts'

/** Before, during and after the attack together. */
const SECONDS = 4

const kit = new ProcessKit()
const share = new TimeShare(0.45)
let held = 0
afterAll(async () => {
  await kit.cleanUp()
  console.log(`${held} of ${names.length} attacks on processes held`)
})

const names = [...EVERY_ATTACK.keys()].filter((name) => attackIn('processes', name) !== null)

test.for(names)('%s', async (name, context) => {
  const refusal = share.refusal()
  if (refusal !== null) return context.skip(refusal)
  const { code, stdout, stderr } = await kit.run(
    ...['attack', name, '--seconds', `${SECONDS}`, '--load', '4', '--json', '--figures', 'advisory'],
  )
  const { runs } = JSON.parse(stdout || '{"runs":[]}') as {
    runs: { faults: string[]; asExpected: boolean; notes: string[] }[]
  }
  for (const note of runs.flatMap(({ notes }) => notes)) {
    if (note.startsWith('warning: ')) console.warn(`${name}: ${note}`)
  }
  expect([runs.map(({ faults }) => faults), stderr]).toEqual([[[]], expect.anything()])
  expect([runs[0]?.asExpected, code]).toEqual([true, 0])
  held += 1
})
