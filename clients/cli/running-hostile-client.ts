/** A hostile client of an attack, in the foreground. */

import type { ClientRole } from '../../attacks/language/client-behaviour.ts'
import { followOrders } from '../../attacks/run/processes/hostile-process.ts'
import { HostileProcessClient } from '../../attacks/run/processes/hostile-process-client.ts'
import { toReplicaId } from '../../src/base/ids.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import { clusterFile } from '../../src/io/cluster-directory.ts'
import { readClusterFile } from '../../src/io/cluster-file.ts'
import { stopOnSignal } from './process-end.ts'
import { reportReady } from './readiness.ts'

/** Does nothing until its parent process starts the attack. */
export function playHostileClient(options: {
  readonly role: ClientRole
  readonly directory: string
  readonly names: readonly string[]
  readonly traitors: readonly number[]
  readonly seed: number
}): void {
  const { directory, traitors } = options
  let acts = 0
  const client = new HostileProcessClient({
    ...options,
    cluster: readClusterFile(clusterFile(directory), suiteNamed),
    traitors: traitors.map((id) => toReplicaId(id)),
    onAct: () => {
      acts++
    },
  })
  followOrders(client, () => acts)
  stopOnSignal(() => client.close())
  reportReady('')
}
