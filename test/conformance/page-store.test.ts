import { createRandom } from '../../src/base/random.ts'
import { VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualDisk } from '../../src/simulator/world/virtual-disk.ts'
import { LevelPageStoreBench } from '../io/page-store-bench.ts'
import { describePageStore } from './page-store-suite.ts'

describePageStore('the database', async () => new LevelPageStoreBench())

for (const isTornAtCrash of [false, true]) {
  describePageStore(`the virtual disk, torn at crashes: ${isTornAtCrash}`, async () => {
    const time = new VirtualTime()
    const disk = new VirtualDisk(time, createRandom(1), { syncMs: [1, 3], readMs: 1, isTornAtCrash })
    return {
      open: async () => {
        disk.open()
        return disk.pages
      },
      crash: async () => {
        disk.crash()
      },
      until: async (outcome) => {
        let isOver = false
        const over = outcome.finally(() => {
          isOver = true
        })
        while (!isOver && time.next()) await Promise.resolve()
        return over
      },
      dispose: async () => {},
    }
  })
}
