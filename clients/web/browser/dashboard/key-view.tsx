/** One key: its value, a guarded edit, its deletion, and its history with the difference of two revisions. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { Finding, type Tone } from '../kit/finding.tsx'
import { ask, GatewayProblem } from './gateway.ts'
import { KeyHistory } from './key-history.tsx'
import { encodedOfName, isText, type ValueForms, valueText } from './key-text.ts'

export interface KeyAnswer extends ValueForms {
  readonly key: string
  readonly version: number
  readonly createRevision: number
  readonly modRevision: number
}

type Read =
  | { readonly kind: 'reading' }
  | { readonly kind: 'there'; readonly answer: KeyAnswer }
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly problem: string }

type Said = { readonly tone: Tone; readonly text: string } | null

export function KeyView(props: { readonly name: string; readonly changed: number; onChanged(): void }) {
  const { name, changed, onChanged } = props
  const [read, setRead] = useState<Read>({ kind: 'reading' })
  const load = useCallback((): Promise<void> => {
    return ask<KeyAnswer>('/v1/kv', { query: { key: encodedOfName(name) ?? '' } }).then(
      (answer) => setRead({ kind: 'there', answer }),
      (problem: GatewayProblem) =>
        setRead(
          problem.code === 'not-found' ? { kind: 'absent' } : { kind: 'failed', problem: problem.message },
        ),
    )
  }, [name])
  // It is read again when a watch tells of a change.
  useEffect(() => {
    load()
  }, [load, changed])
  const done = async (): Promise<void> => {
    onChanged()
    await load()
  }
  return (
    <section class="key-view" aria-label={`key ${name}`}>
      <h3>
        <code>{name}</code>
      </h3>
      {read.kind === 'reading' && <p class="faint">Reading…</p>}
      {read.kind === 'failed' && (
        <Finding tone="bad">
          {read.problem}{' '}
          <button type="button" onClick={load}>
            Read again
          </button>
        </Finding>
      )}
      {read.kind === 'absent' && <p class="faint">The key does not exist. Set it, and it does.</p>}
      {read.kind === 'there' && (
        <p class="faint">
          Version {read.answer.version}, set at revision {read.answer.modRevision}, created at revision{' '}
          {read.answer.createRevision}.
        </p>
      )}
      {(read.kind === 'there' || read.kind === 'absent') && (
        <KeyEditor name={name} current={read.kind === 'there' ? read.answer : null} onDone={done} />
      )}
      {read.kind === 'there' && <KeyHistory name={name} current={read.answer} />}
    </section>
  )
}

/** Writes only if nobody else wrote since the value was read: the revision goes along as a condition. */
function KeyEditor(props: {
  readonly name: string
  readonly current: KeyAnswer | null
  onDone(): Promise<void>
}) {
  const { name, current, onDone } = props
  const [draft, setDraft] = useState<string | null>(null)
  const [base, setBase] = useState(current?.modRevision ?? 0)
  const [isAsking, setIsAsking] = useState(false)
  const [isBusy, setIsBusy] = useState(false)
  const [said, setSaid] = useState<Said>(null)
  const now = current?.modRevision ?? 0
  const isEditing = draft !== null
  const isOvertaken = isEditing && base !== now
  const shown = draft ?? (current === null ? '' : valueText(current))
  const run = async (what: () => Promise<string>): Promise<void> => {
    setIsBusy(true)
    setSaid(null)
    try {
      setSaid({ tone: 'good', text: await what() })
      setDraft(null)
      await onDone()
    } catch (problem) {
      setSaid({ tone: 'bad', text: problem instanceof GatewayProblem ? sentenceOf(problem) : `${problem}` })
      if (problem instanceof GatewayProblem && problem.code === 'revision-moved') await onDone()
    }
    setIsBusy(false)
    setIsAsking(false)
  }
  const query = { key: encodedOfName(name) ?? '' }
  const save = () =>
    run(async () => {
      const { revision } = await ask<{ revision: number }>('/v1/kv', {
        method: 'PUT',
        query: { ...query, ifRevision: isEditing ? base : now },
        body: shown,
      })
      return `Set at revision ${revision}: f + 1 replicas gave the same answer.`
    })
  const remove = () =>
    run(async () => {
      const { revision } = await ask<{ revision: number }>('/v1/kv', {
        method: 'DELETE',
        query: { ...query, ifRevision: now },
      })
      return `Deleted at revision ${revision}.`
    })
  const isEditable = current === null || isText(current)
  return (
    <>
      <textarea
        aria-label={`value of ${name}`}
        rows={4}
        value={shown}
        // An edit begins at what the key is after one's own write, not before it.
        readOnly={!isEditable || isBusy}
        spellcheck={false}
        onInput={(event) => {
          if (draft === null) setBase(now)
          setDraft(event.currentTarget.value)
        }}
      />
      {!isEditable && (
        <p class="faint">The value is no text. It is shown in hexadecimal, and cannot be edited here.</p>
      )}
      {isOvertaken && (
        <Finding tone="warn">
          Somebody else {current === null ? 'deleted the key' : `set the key at revision ${now}`} while you
          were editing: saving is refused until you begin anew.
        </Finding>
      )}
      <div class="buttons">
        <button type="button" class="primary" disabled={isBusy || !isEditable} onClick={save}>
          {current === null ? 'Create' : `Save if still at revision ${isEditing ? base : now}`}
        </button>
        {isEditing && (
          <button type="button" disabled={isBusy} onClick={() => setDraft(null)}>
            Discard the edit
          </button>
        )}
        {current !== null && !isAsking && (
          <button type="button" disabled={isBusy} onClick={() => setIsAsking(true)}>
            Delete…
          </button>
        )}
        {isAsking && (
          <>
            <span>Delete this key for every client?</span>
            <button type="button" class="danger" disabled={isBusy} onClick={remove}>
              Delete
            </button>
            <button type="button" onClick={() => setIsAsking(false)}>
              Keep it
            </button>
          </>
        )}
      </div>
      {said !== null && (
        <Finding tone={said.tone} isLive>
          {said.text}
        </Finding>
      )}
    </>
  )
}

function sentenceOf({ code, message, facts }: GatewayProblem): string {
  if (code !== 'revision-moved') return message
  return `Not saved: somebody else wrote meanwhile, and the key is at revision ${facts.modRevision ?? 'another'} now. Nothing was overwritten.`
}
