/** The history of a key, from its last revision backwards, and the difference of two of them. */
import { useEffect, useState } from 'preact/hooks'
import { ask, type GatewayProblem } from './gateway.ts'
import { differenceOf, encodedOfName, shortValue, valueText } from './key-text.ts'
import type { KeyAnswer } from './key-view.tsx'

/** The revisions that one step backwards reads. */
const STEP = 8

const SIGNS = { same: ' ', removed: '−', added: '+' } as const

export function KeyHistory({ name, current }: { readonly name: string; readonly current: KeyAnswer }) {
  const [past, setPast] = useState<readonly KeyAnswer[]>([current])
  const [end, setEnd] = useState<string | null>(null)
  const [chosen, setChosen] = useState<readonly number[]>([])
  const [isReading, setIsReading] = useState(false)
  useEffect(() => {
    // A newer revision goes on top of what was read of the past.
    setPast((before) => {
      const [newest] = before
      if (newest === undefined || newest.createRevision !== current.createRevision) return [current]
      return newest.modRevision < current.modRevision ? [current] : before
    })
    setEnd(null)
  }, [current])
  const last = past.at(-1) ?? current
  const readMore = async (): Promise<void> => {
    setIsReading(true)
    const found: KeyAnswer[] = []
    let oldest = last
    try {
      while (found.length < STEP && oldest.modRevision > oldest.createRevision) {
        const query = { key: encodedOfName(name) ?? '', revision: oldest.modRevision - 1 }
        oldest = await ask<KeyAnswer>('/v1/kv', { query })
        found.push(oldest)
      }
    } catch (problem) {
      setEnd((problem as GatewayProblem).message)
    }
    setPast((before) => [...before, ...found])
    setIsReading(false)
  }
  const choose = (revision: number): void =>
    setChosen((before) =>
      before.includes(revision)
        ? before.filter((each) => each !== revision)
        : [...before, revision].slice(-2),
    )
  const [from, to] = past
    .filter(({ modRevision }) => chosen.includes(modRevision))
    .sort((a, b) => a.modRevision - b.modRevision)
  return (
    <>
      <h4>History</h4>
      <ol class="history">
        {past.map((entry) => (
          <li key={entry.modRevision}>
            <button
              type="button"
              aria-pressed={chosen.includes(entry.modRevision)}
              onClick={() => choose(entry.modRevision)}
            >
              <span>@{entry.modRevision}</span>
              <code>{shortValue(entry, 40)}</code>
            </button>
          </li>
        ))}
      </ol>
      {last.modRevision > last.createRevision && end === null && (
        <button type="button" disabled={isReading} onClick={readMore}>
          {isReading ? 'Reading…' : 'Older revisions'}
        </button>
      )}
      {end !== null && <p class="faint">{end}</p>}
      {from !== undefined && to !== undefined ? (
        <Difference from={from} to={to} />
      ) : (
        past.length > 1 && <p class="faint">Choose two revisions to see what changed between them.</p>
      )}
    </>
  )
}

function Difference({ from, to }: { readonly from: KeyAnswer; readonly to: KeyAnswer }) {
  const lines = differenceOf(valueText(from), valueText(to))
  return (
    <figure class="difference">
      <figcaption>
        From revision {from.modRevision} to {to.modRevision}
      </figcaption>
      <pre>
        {lines.map(({ kind, text }, index) => (
          <span key={index} class={kind}>
            {SIGNS[kind]} {text}
            {'\n'}
          </span>
        ))}
      </pre>
    </figure>
  )
}
