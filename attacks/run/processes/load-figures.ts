/** The effect of an attack on clients, from the times of their calls and answers. */
import type { HistoryEntry } from '../../../src/simulator/world/virtual-client.ts'
import type { Observed } from '../simulated/observed.ts'

const TENTH_MS = 100
/** The minimum time over which a throughput is measured. */
const SETTLED_MS_MIN = 500

/**
 * `beginsAtMs` is the beginning of the attack, `settledAtMs` the end of the last view change since then (null if there was none), and `endsAtMs` the end of the run, all in virtual milliseconds.
 */
export function loadFigures(
  history: readonly HistoryEntry[],
  {
    beginsAtMs,
    endsAtMs,
    settledAtMs = null,
  }: { readonly beginsAtMs: number; readonly endsAtMs: number; readonly settledAtMs?: number | null },
): Pick<Observed, 'answersPerSecond' | 'outageMs' | 'slowestMs' | 'answersPerTenth'> {
  const answers = history.flatMap(({ answeredAtMs }) => (answeredAtMs === null ? [] : [answeredAtMs]))
  const lastAskedMs = Math.max(beginsAtMs + 1, ...history.map(({ invokedAtMs }) => invokedAtMs))
  const between = (from: number, to: number): number =>
    answers.filter((atMs) => atMs >= from && atMs < to).length
  const perSecond = (from: number, to: number): number => (1000 * between(from, to)) / (to - from)
  const clients = Math.max(0, ...history.map(({ client }) => client + 1))
  // Only while all clients still send requests.
  const firstDoneMs = Math.min(
    ...Array.from({ length: clients }, (_, client) =>
      Math.max(...history.filter((each) => each.client === client).map(({ invokedAtMs }) => invokedAtMs)),
    ),
  )
  const settledFor = settledAtMs === null ? 0 : firstDoneMs - settledAtMs
  return {
    answersPerSecond: {
      before: perSecond(0, beginsAtMs),
      during: perSecond(beginsAtMs, lastAskedMs),
      settled:
        settledAtMs === null || settledFor < SETTLED_MS_MIN ? null : perSecond(settledAtMs, firstDoneMs),
    },
    outageMs: longestOutage(history, beginsAtMs, endsAtMs),
    slowestMs: Array.from({ length: clients }, (_, client) =>
      Math.max(
        0,
        ...history.filter((each) => each.client === client).map((each) => waitOf(each, beginsAtMs, endsAtMs)),
      ),
    ),
    answersPerTenth: Array.from({ length: Math.ceil((endsAtMs - beginsAtMs) / TENTH_MS) }, (_, tenth) =>
      between(beginsAtMs + tenth * TENTH_MS, beginsAtMs + (tenth + 1) * TENTH_MS),
    ),
  }
}

/** The time that a request has waited since the attack began. */
function waitOf({ invokedAtMs, answeredAtMs }: HistoryEntry, beginsAtMs: number, endsAtMs: number): number {
  return (answeredAtMs ?? endsAtMs) - Math.max(invokedAtMs, beginsAtMs)
}

/** The longest time between two answers, or between a call and an answer, in which a request was always waiting. */
function longestOutage(history: readonly HistoryEntry[], beginsAtMs: number, endsAtMs: number): number {
  const moments = history
    .flatMap(({ invokedAtMs, answeredAtMs }) => [
      { atMs: invokedAtMs, change: 1 },
      { atMs: answeredAtMs ?? endsAtMs, change: -1 },
    ])
    .sort((a, b) => a.atMs - b.atMs)
  let waiting = 0
  let since = beginsAtMs
  let longest = 0
  for (const { atMs, change } of moments) {
    if (waiting > 0 && change < 0) longest = Math.max(longest, atMs - Math.max(since, beginsAtMs))
    if (change < 0 || waiting === 0) since = atMs
    waiting += change
  }
  return longest
}
