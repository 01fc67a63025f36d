/** The judge of replicated registers: their histories must be linearizable, and their operations return. */
import { checkHistory } from '../../linearizability/check-history.ts'
import { History, type Operation } from '../../linearizability/history.ts'
import type { Judge } from './judge.ts'

const KEY = 'register'

/**
 * Checks that the history is linearizable and, with `isAvailable`, that every operation of a correct process has
 * returned at the end.
 */
export function register({ isAvailable }: { readonly isAvailable: boolean }): Judge<unknown> {
  return ({ outputs, crashed, ending }) => {
    const history = new History()
    const open = new Map<number, Operation>()
    for (const { process, event, value } of outputs) {
      const text = String(value)
      if (event === 'begins') {
        const [, written] = /^write (.*)$/.exec(text) ?? []
        const begun =
          written === undefined
            ? history.invokeRead(process, KEY)
            : history.invokeWrite(process, KEY, written)
        open.set(process, begun)
        continue
      }
      const operation = open.get(process)
      if (operation === undefined) continue
      open.delete(process)
      if (event === 'reads') history.read(operation, text === 'nothing' ? null : text)
      else history.complete(operation, 'ok')
    }
    const verdict = checkHistory(history)
    if (verdict.kind !== 'linearizable') return 'consistency: the history is not linearizable'
    if (ending === null || !isAvailable) return null
    const waiting = [...open.keys()].filter((id) => !crashed.includes(id))
    return waiting.length === 0 ? null : `availability: the operation of P${waiting[0]} does not return`
  }
}
