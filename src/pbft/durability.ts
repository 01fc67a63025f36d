/** What waits for the disk: section 6 of the rules, "durable before send". */
import type { Step } from './state.ts'

/** The first `records` records are on disk: what waited for them goes out. // PBFT-6 */
export function onPersisted({ state, effects }: Step, records: number): void {
  let released = 0
  for (const withheld of state.withheld) {
    if (withheld.records > records) break
    released++
    const { outgoing, sequence } = withheld
    const slot = state.slots.get(sequence)
    if (slot === undefined) continue // executed meanwhile: whoever lacks it gets the decision
    if (outgoing.kind === 'prepare') slot.isAcceptedDurable = true
    effects.push({ kind: 'broadcast', outgoing })
  }
  state.withheld.splice(0, released)
}
