import { createRandom } from '../../src/base/random.ts'
import { VirtualTime } from '../../src/simulator/world/virtual-clock.ts'
import { VirtualDisk } from '../../src/simulator/world/virtual-disk.ts'
import { FileLogBench, SMALL_SEGMENT_BYTES } from '../io/file-log-bench.ts'
import { deeper } from '../kit/depth.ts'
import { describeLog } from './log-suite.ts'

const SMALL = ['the file log in small segments', SMALL_SEGMENT_BYTES] as const
/** Segments of the usual size are made of zeros each time, which is most of the work. */
for (const [name, segmentBytes] of deeper<readonly (readonly [string, number])[]>(
  [SMALL],
  [SMALL, ['the file log', 16 * 1024 * 1024]],
)) {
  describeLog(name, async () => {
    const bench = new FileLogBench(segmentBytes)
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
