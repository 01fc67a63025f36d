/**
 * Silent losses, short and long: the cluster serves again once the network has healed, because replicas end links that are silent. It
 * prints how long that took; nothing is asserted of it, for the machine may have other things to do.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { directionsBetween, LossyFleet } from '../kit/lossy-fleet.ts'
import { Namespaces } from '../kit/namespaces.ts'
import { PATIENCE_MS } from '../kit/patience.ts'

const WHY_NOT = Namespaces.whyNot()
/** TCP alone takes 23 s after 30 s of loss, 48 s after 60 s and up to two minutes after more, on an idle machine. */
const SILENT = 'a link was silent for several heartbeats'

describe.skipIf(WHY_NOT !== null)(
  `silent loss at two of four${WHY_NOT === null ? '' : `: ${WHY_NOT}`}`,
  () => {
    let fleet: LossyFleet
    beforeAll(async () => {
      fleet = await LossyFleet.up()
    })
    afterAll(() => fleet.close())

    test.each([
      // A little longer than a link may be silent: TCP would get over it by itself.
      [3, 'both ways'],
      [3, 'from them'],
      [30, 'both ways'],
      [60, 'both ways'],
      [180, 'both ways'],
      [60, 'to them'],
      [60, 'from them'],
    ] as const)('%i s, %s', async (seconds, how) => {
      const healedAt = await fleet.lose(directionsBetween([0, 1], how), seconds * 1_000)
      const tookMs = await fleet.writtenAfter(healedAt, PATIENCE_MS)
      process.stdout.write(`${seconds} s of loss, ${how}: the first write ${tookMs} ms after healing\n`)
      expect(fleet.logs.some((log) => log.includes(SILENT))).toBe(true)
    })

    test('everybody noticed links that were silent', () => {
      for (const log of fleet.logs) expect(log).toContain(SILENT)
    })
  },
)
