/** A cluster of auth oral loses its primary, a disk, and all its processes, under a load whose history must stay linearizable. */
import { afterEach, expect, test } from 'vitest'
import { expectLinearizable, Fleet } from '../integration/fleet.ts'
import { ProcessKit } from '../integration/process-kit.ts'

let kit = new ProcessKit()
afterEach(async () => {
  await kit.cleanUp()
  kit = new ProcessKit()
})

test('its primary is killed, a backup loses its disk, all are killed at once, and nothing that was written is lost', async () => {
  // Frequent checkpoints, stored at once: lost data becomes history sooner, and must be fetched as pages.
  const replicaFlags = ['--store-after-mib', '0']
  const fleet = await Fleet.up(kit, { auth: 'oral', checkpointInterval: 16, replicaFlags })
  const load = await fleet.startLoad()
  await load.progress(20)
  const first = (await fleet.status()).primary
  await fleet.end('SIGKILL', first)
  await load.progress(20)
  expect((await fleet.status()).view).toBeGreaterThan(0)
  await fleet.start(first)
  await fleet.level()

  const { primary, view } = await fleet.status()
  const last = (primary + 3) % 4
  await fleet.end('SIGKILL', last)
  fleet.wipe(last)
  await fleet.start(last)
  await fleet.level()
  // Whoever lost its votes takes part again only in views that it cannot have voted in.
  expect((await fleet.status()).view).toBeGreaterThanOrEqual(view + 2)

  await fleet.end('SIGKILL', ...fleet.ids)
  await fleet.start(...fleet.ids)
  await load.progress(20)
  await expectLinearizable(load)
})
