/** Buttons in a row, each with the key that does the same. */
import type { ComponentChildren } from 'preact'
import { type KeyActions, useKeys } from './keys.ts'

export interface RowButton {
  readonly label: string
  /** A sign before the label. */
  readonly sign?: string
  /** The key that does the same, as the browser names it. */
  readonly key?: string
  readonly title?: string
  /** Set for a button that is on or off. */
  readonly isPressed?: boolean
  readonly isDisabled?: boolean
  readonly isPrimary?: boolean
  onPress(): void
}

const KEY_NAMES: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
}

const keyName = (key: string): string => KEY_NAMES[key] ?? key.toUpperCase()

export function ButtonRow(props: {
  readonly label: string
  readonly buttons: readonly RowButton[]
  readonly children?: ComponentChildren
}) {
  const keys: Record<string, () => void> = {}
  for (const { key, isDisabled, onPress } of props.buttons) {
    if (key !== undefined) keys[key] = () => (isDisabled === true ? undefined : onPress())
  }
  useKeys(keys satisfies KeyActions)
  return (
    <div class="buttons" role="toolbar" aria-label={props.label}>
      {props.buttons.map((button) => (
        <button
          key={button.label}
          type="button"
          class={button.isPrimary === true ? 'primary' : ''}
          title={button.title}
          disabled={button.isDisabled}
          aria-pressed={button.isPressed}
          onClick={button.onPress}
        >
          {button.sign !== undefined && <span aria-hidden="true">{button.sign}</span>}
          {button.label}
          {button.key !== undefined && <kbd>{keyName(button.key)}</kbd>}
        </button>
      ))}
      {props.children}
    </div>
  )
}
