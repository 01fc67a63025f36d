/** The judge of multicasts: the deliveries of the processes, and their order. */
import type { Line } from '../../classics/multicast/script.ts'
import type { ProcessId } from '../../classics/process.ts'
import type { Judge } from './judge.ts'

/** `causal` includes `fifo`; `total` is independent of both. */
export type DeliveryOrder = 'none' | 'fifo' | 'causal' | 'total'

export function deliveries(options: {
  readonly script: readonly Line[]
  readonly order: DeliveryOrder
}): Judge<unknown> {
  const { script, order } = options
  return ({ outputs, crashed, ending }) => {
    const byProcess = new Map<ProcessId, string[]>()
    for (const { process, event, value } of outputs) {
      if (event !== 'delivers') continue
      const list = byProcess.get(process) ?? []
      if (list.includes(String(value))) return `integrity: P${process} delivers ${value} twice`
      byProcess.set(process, [...list, String(value)])
    }
    const wrong = order === 'total' ? totalOrder(byProcess) : partialOrder(byProcess, script, order)
    if (wrong !== null || ending === null) return wrong
    const correct = ending.states.map((_, id) => id).filter((id) => !crashed.includes(id))
    return agreement(correct, byProcess, script)
  }
}

type Delivered = ReadonlyMap<ProcessId, readonly string[]>

/** The messages with a required order: those of one sender, and a message and its answer. */
function partialOrder(byProcess: Delivered, script: readonly Line[], order: DeliveryOrder): string | null {
  if (order === 'none') return null
  const pairs = script.flatMap((late, index) =>
    script
      .filter((early, place) => {
        const isOfSameSender = early.sender === late.sender && early.after === late.after && place < index
        return isOfSameSender || (order === 'causal' && late.after === early.text)
      })
      .map((early) => [early.text, late.text] as const),
  )
  for (const [process, list] of byProcess) {
    for (const [early, late] of pairs) {
      const place = list.indexOf(late)
      if (place >= 0 && !list.slice(0, place).includes(early))
        return `${order} order: P${process} delivers ${late} before ${early}`
    }
  }
  return null
}

/** Checks that of any two sequences one is a prefix of the other. */
function totalOrder(byProcess: Delivered): string | null {
  for (const [a, one] of byProcess) {
    for (const [b, other] of byProcess) {
      const place = one.findIndex((text, index) => index < other.length && other[index] !== text)
      if (place >= 0) return `total order: P${a} delivers ${one[place]} where P${b} delivers ${other[place]}`
    }
  }
  return null
}

/** Checks that all correct processes deliver the same messages, including those of correct senders. */
function agreement(
  correct: readonly ProcessId[],
  byProcess: Delivered,
  script: readonly Line[],
): string | null {
  for (const { text, sender, after } of script) {
    const having = correct.filter((id) => byProcess.get(id)?.includes(text))
    const [lacking] = correct.filter((id) => !having.includes(id))
    if (lacking === undefined) continue
    const [one] = having
    if (one !== undefined) return `agreement: P${one} delivers ${text}, and P${lacking} never does`
    const isSent = after === null || byProcess.get(sender)?.includes(after) === true
    if (isSent && correct.includes(sender)) return `validity: ${text} of P${sender} is never delivered`
  }
  return null
}
