/** An application that behaves like another one but for some members. */
import type { Application } from '../../ports.ts'

/** Returns an application with these members in place of the inner one's; all others are the inner one's. */
export function wrapped(inner: Application, members: Partial<Application>): Application {
  // Delegated one by one, because neither a copy nor an heir would have the inner application's private state.
  const whole: Application = {
    begin: (sequence, batch, allowance) => inner.begin(sequence, batch, allowance),
    standing: (request) => inner.standing(request),
    lastUse: (client) => inner.lastUse(client),
    mayReadState: (client) => inner.mayReadState(client),
    results: (client, timestamp) => inner.results(client, timestamp),
    read: (client, operations, allowance) => inner.read(client, operations, allowance),
    get revision() {
      return inner.revision
    },
    get nextExpiry() {
      return inner.nextExpiry
    },
    snapshot: () => inner.snapshot(),
    assemble: (root) => inner.assemble(root),
    restore: (snapshot) => inner.restore(snapshot),
    fingerprint: () => inner.fingerprint(),
  }
  return Object.defineProperties(whole, Object.getOwnPropertyDescriptors(members))
}
