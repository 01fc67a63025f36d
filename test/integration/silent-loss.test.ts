/** A network that loses packets without a word, for real: links notice, and are made anew. See `test/deep/` for long losses. */
import { afterEach, describe, expect, test } from 'vitest'
import { directionsBetween, LossyFleet } from '../kit/lossy-fleet.ts'
import { Namespaces } from '../kit/namespaces.ts'

const WHY_NOT = Namespaces.whyNot()
/** A little longer than a link may be silent. */
const LOSS_MS = 3_000
const SERVES_WITHIN_MS = 60_000
const TEST_MS_MAX = 300_000

let fleet: LossyFleet | null = null
afterEach(async () => {
  await fleet?.close()
  fleet = null
})

describe.skipIf(WHY_NOT !== null)(
  `silent loss at two of four replicas${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    test(
      'both ways and one way, ends the silent links, and the cluster serves again',
      async () => {
        fleet = await LossyFleet.up()
        for (const how of ['both ways', 'from them'] as const) {
          const healedAt = await fleet.lose(directionsBetween([0, 1], how), LOSS_MS)
          await fleet.writtenAfter(healedAt, SERVES_WITHIN_MS)
        }
        // Without that, TCP would have got over so short a loss by itself: a long one is like it, only later.
        for (const log of fleet.logs) expect(log).toContain('a link was silent')
      },
      TEST_MS_MAX,
    )
  },
)
