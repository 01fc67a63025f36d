/** A load on a cluster, as a process of its own: it prints how many writes are acknowledged, and its history once it is told to end. */
import { writeFileSync } from 'node:fs'
import { RecordedLoad } from '../../dist/attacks/run/load/recorded-load.js'

const [directory, history] = process.argv.slice(2)
const load = await RecordedLoad.start({ directory, names: ['app'], loops: 3, pauseMs: 60 })
const printing = setInterval(() => console.log(load.acknowledged), 100)
process.once('SIGTERM', async () => {
  clearInterval(printing)
  writeFileSync(history, (await load.stop()).join('\n'))
  process.exit(0)
})
