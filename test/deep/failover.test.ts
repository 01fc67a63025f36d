/** Replicas are killed, stopped and started again under a load whose history must stay linearizable. */
import { afterEach, test } from 'vitest'
import { expectLinearizable, Fleet } from '../integration/fleet.ts'
import { ProcessKit } from '../integration/process-kit.ts'

/** KILLS=20 for a longer run. */
const KILLS = Number(process.env['KILLS'] ?? 5)

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

test('a backup is killed, another is suspended for a while, and the load continues', async () => {
  const fleet = await Fleet.up(kit)
  const load = await fleet.startLoad()
  await load.progress(40)
  await fleet.end('SIGKILL', 2)
  await load.progress(80)
  await fleet.start(2)
  await fleet.level()
  fleet.signal('SIGSTOP', 3)
  await load.progress(80)
  fleet.signal('SIGCONT', 3)
  await fleet.level()
  await load.progress(25)
  await expectLinearizable(load)
})

test(`all replicas are killed at once ${KILLS} times in a row`, async () => {
  const fleet = await Fleet.up(kit)
  const load = await fleet.startLoad()
  for (let round = 0; round < KILLS; round++) {
    await load.progress(10)
    await fleet.end('SIGKILL', ...fleet.ids)
    await fleet.start(...fleet.ids)
  }
  await load.progress(25)
  await expectLinearizable(load)
})
