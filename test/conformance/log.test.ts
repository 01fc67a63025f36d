import { createRandom } from '../../src/base/random.ts'
import { VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualDisk } from '../../src/simulator/world/virtual-disk.ts'
import { FileLogBench, SMALL_SEGMENT_BYTES } from '../io/file-log-bench.ts'
import { describeLog } from './log-suite.ts'

for (const [name, segmentBytes] of [
  ['the file log in small segments', SMALL_SEGMENT_BYTES],
  ['the file log', undefined],
] as const) {
  describeLog(name, async () => {
    const bench = new FileLogBench(segmentBytes ?? 16 * 1024 * 1024)
    await bench.create()
    return bench
  })
}

for (const isTornAtCrash of [false, true]) {
  describeLog(`the virtual disk, torn at crashes: ${isTornAtCrash}`, async () => {
    const time = new VirtualTime()
    const disk = new VirtualDisk(time, createRandom(1), { syncMs: [1, 3], readMs: 1, isTornAtCrash })
    return {
      open: async () => disk.open(),
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
