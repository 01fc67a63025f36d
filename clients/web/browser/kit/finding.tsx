/** A finding: one sentence, and a mark that says at once if it is good. The mark is a sign and a word, not a colour alone. */
import type { ComponentChildren } from 'preact'

export type Tone = 'good' | 'bad' | 'warn' | 'plain'

const MARKS: Readonly<Record<Tone, { readonly sign: string; readonly word: string }>> = {
  good: { sign: '✓', word: 'Good:' },
  bad: { sign: '✗', word: 'Broken:' },
  warn: { sign: '!', word: 'Take note:' },
  plain: { sign: '›', word: '' },
}

/** Read aloud whenever it changes, where `isLive` says so. */
export function Finding(props: {
  readonly tone: Tone
  readonly isLive?: boolean
  readonly children: ComponentChildren
}) {
  const { sign, word } = MARKS[props.tone]
  return (
    <p class={`finding ${props.tone}`} aria-live={props.isLive === true ? 'polite' : 'off'}>
      <span class="mark" aria-hidden="true">
        {sign}
      </span>
      <span class="unseen">{word} </span>
      <span>{props.children}</span>
    </p>
  )
}
