/** Replicas are killed, stopped and started again under a load whose history must stay linearizable. */
import { afterEach, expect, test } from 'vitest'
import { RecordedLoad, verdictOf } from '../../attacks/run/load/recorded-load.ts'
import { Fleet, LOAD_NAMES, LOAD_PAUSE_MS } from '../integration/fleet.ts'
import { ProcessKit } from '../integration/process-kit.ts'

/** KILLS=20 for a longer run. */
const KILLS = Number(process.env['KILLS'] ?? 5)

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

const startLoad = ({ directory }: Fleet) =>
  RecordedLoad.start({ directory, names: LOAD_NAMES, pauseMs: LOAD_PAUSE_MS })

async function expectLinearizable(load: RecordedLoad): Promise<void> {
  const lines = await load.stop()
  expect(lines.length).toBeGreaterThan(2 * load.acknowledged)
  expect(verdictOf(lines).kind).toBe('linearizable')
}

test('a backup is killed, another is stopped for a while, and the load goes on', async () => {
  const fleet = await Fleet.up(kit)
  const load = await startLoad(fleet)
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
  const load = await startLoad(fleet)
  for (let round = 0; round < KILLS; round++) {
    await load.progress(10)
    await fleet.end('SIGKILL', ...fleet.ids)
    await fleet.start(...fleet.ids)
  }
  await load.progress(25)
  await expectLinearizable(load)
})
