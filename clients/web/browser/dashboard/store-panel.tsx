/** The keys of the store: found by prefix, watched as they change, and opened one at a time. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { ask, follow, type GatewayProblem, type StreamState } from './gateway.ts'
import { encodedOfName, shortValue, type ValueForms } from './key-text.ts'
import { KeyView } from './key-view.tsx'

const LIMIT = 50
/** Milliseconds for which changes are gathered before the list is read again. */
const GATHER_MS = 300

interface Item extends ValueForms {
  readonly key: string
  readonly version: number
  readonly modRevision: number
}
interface ListAnswer {
  readonly items: readonly Item[]
  readonly count: number
  readonly revision: number
}

type Listed = { readonly answer: ListAnswer | null; readonly problem: string | null }

export function StorePanel() {
  const [prefix, setPrefix] = useState('')
  const [opened, setOpened] = useState<string | null>(null)
  const [made, setMade] = useState('')
  const encoded = encodedOfName(prefix)
  const { listed, watch, reload, changed } = useKeys(encoded)
  const isName = made !== '' && encodedOfName(made) !== null
  return (
    <Panel title="Store" aside={watchText(watch, listed)} class="store">
      <div class="buttons">
        <label class="field">
          Keys that begin with{' '}
          <input
            value={prefix}
            placeholder="every key"
            spellcheck={false}
            onInput={(event) => setPrefix(event.currentTarget.value)}
          />
        </label>
        <form
          class="field"
          onSubmit={(event) => {
            event.preventDefault()
            if (isName) setOpened(made)
          }}
        >
          <label>
            A key{' '}
            <input
              value={made}
              placeholder="greeting"
              spellcheck={false}
              onInput={(event) => setMade(event.currentTarget.value)}
            />
          </label>
          <button type="submit" disabled={!isName}>
            Open or create
          </button>
        </form>
      </div>
      {encoded === null && (
        <p class="faint">A backslash begins an escape: \\ is one backslash, and \xFF the byte FF.</p>
      )}
      <div class="store-parts">
        <KeyList listed={listed} opened={opened} changed={changed} prefix={prefix} onOpen={setOpened} />
        {opened === null ? (
          <p class="faint hint">
            Open a key to see its value and its history, to change it, or to delete it.
          </p>
        ) : (
          <KeyView key={opened} name={opened} changed={changed.get(opened) ?? 0} onChanged={reload} />
        )}
      </div>
    </Panel>
  )
}

function watchText(watch: StreamState, { answer }: Listed): string {
  const count = answer === null ? '' : `${answer.count} ${answer.count === 1 ? 'key' : 'keys'}, `
  return `${count}${watch === 'open' ? 'watched live' : 'the watch is being opened'}`
}

/** The keys of a prefix, read again whenever a watch tells of a change. */
function useKeys(encoded: string | null) {
  const [listed, setListed] = useState<Listed>({ answer: null, problem: null })
  const [watch, setWatch] = useState<StreamState>('connecting')
  const [changed, setChanged] = useState<ReadonlyMap<string, number>>(new Map())
  const timer = useRef(0)
  const reload = useCallback(() => {
    if (encoded === null) return
    ask<ListAnswer>('/v1/kv', { query: { prefix: encoded, limit: LIMIT } }).then(
      (answer) => setListed({ answer, problem: null }),
      (problem: GatewayProblem) => setListed(({ answer }) => ({ answer, problem: problem.message })),
    )
  }, [encoded])
  useEffect(() => {
    if (encoded === null) return
    reload()
    const gather = (): void => {
      if (timer.current !== 0) return
      timer.current = window.setTimeout(() => {
        timer.current = 0
        reload()
      }, GATHER_MS)
    }
    const end = follow(`/v1/watch?prefix=${encoded}`, {
      state: setWatch,
      take: ({ data }) => {
        const { changes = [], revision } = JSON.parse(data) as {
          readonly revision: number
          readonly changes?: readonly { readonly key: string }[]
        }
        if (changes.length === 0) return
        setChanged(
          (before) => new Map([...before, ...changes.map(({ key }) => [key, revision] as const)].slice(-200)),
        )
        gather()
      },
    })
    return () => {
      end()
      clearTimeout(timer.current)
      timer.current = 0
    }
  }, [encoded, reload])
  return { listed, watch, reload, changed }
}

function KeyList(props: {
  readonly listed: Listed
  readonly opened: string | null
  readonly changed: ReadonlyMap<string, number>
  readonly prefix: string
  onOpen(key: string): void
}) {
  const { listed, opened, changed, prefix, onOpen } = props
  const { answer, problem } = listed
  if (answer === null && problem === null) return <p class="faint">Reading the keys…</p>
  return (
    <div class="key-list">
      {problem !== null && <Finding tone="warn">{problem} What you see may be old.</Finding>}
      {answer !== null && answer.items.length === 0 && (
        <p class="faint">
          {prefix === '' ? 'The store is empty. Type a key above and set it.' : 'No key begins so.'}
        </p>
      )}
      {answer !== null && answer.items.length > 0 && (
        <ul>
          {answer.items.map((item) => (
            <li key={item.key}>
              <button
                type="button"
                aria-pressed={opened === item.key}
                // The key of the element changes with the revision, so that the mark of a change is shown anew.
                onClick={() => onOpen(item.key)}
              >
                <code>{item.key}</code>
                <span
                  class="value"
                  key={item.modRevision}
                  data-fresh={changed.get(item.key) === item.modRevision}
                >
                  {shortValue(item)}
                </span>
                <span class="revision">@{item.modRevision}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {answer !== null && answer.items.length < answer.count && (
        <p class="faint">
          The first {answer.items.length} of {answer.count} keys: a longer prefix shows the others.
        </p>
      )}
    </div>
  )
}
