/** An application that executes correctly, but answers unordered reads from an earlier state. */
import { finish, unlimitedAllowance } from '../../src/base/allowance.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { storeParametersOf } from '../../src/messages/cluster.ts'
import type { Batch } from '../../src/messages/message.ts'
import type { Application } from '../../src/ports.ts'
import type { Recomposition } from '../../src/runtime/replica-runtime-options.ts'
import { wrapped } from '../../src/simulator/world/wrapped-application.ts'
import { createStore } from '../../src/store/application.ts'

/** Gives a replica an application whose reads lag this many batches, until it installs a fetched state. */
export const staleReadsOf =
  (batches: number): Recomposition =>
  (parts) => {
    const { application, cluster, suite } = parts
    const stale = createStore({ hash: suite.hash, ...storeParametersOf(cluster) })
    const waiting: { readonly sequence: Sequence; readonly batch: Batch }[] = []
    let isStale = true
    const reader = (): Pick<Application, 'read' | 'revision'> => (isStale ? stale : application)
    return {
      ...parts,
      application: wrapped(application, {
        *begin(sequence, batch, allowance) {
          const outcomes = yield* application.begin(sequence, batch, allowance)
          waiting.push({ sequence, batch })
          const due = isStale && waiting.length > batches ? waiting.shift() : undefined
          if (due !== undefined) finish(stale.begin(due.sequence, due.batch, unlimitedAllowance()))
          return outcomes
        },
        read: (client, operations, allowance) => reader().read(client, operations, allowance),
        get revision() {
          return reader().revision
        },
        restore: (snapshot) => {
          isStale = false
          waiting.length = 0
          application.restore(snapshot)
        },
      }),
    }
  }
