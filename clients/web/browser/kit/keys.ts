/** Keys of the keyboard that a page answers to. */
import { useEffect, useRef } from 'preact/hooks'

/** By the key's name as the browser gives it: ' ' for the space bar, 'ArrowLeft', 'r'. */
export type KeyActions = Readonly<Record<string, () => void>>

/** True where the key is meant for what has the focus: text that is typed, a list that opens, a button that is pressed. */
function isTaken({ key, target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey || !(target instanceof HTMLElement)) return true
  if (target.closest('textarea, select, input:not([type="range"])') !== null) return true
  if (target.closest('input[type="range"]') !== null) return key.startsWith('Arrow')
  return key === ' ' && target.closest('button, a, summary, [role="button"]') !== null
}

/** Does what these keys mean for as long as the component is shown. */
export function useKeys(actions: KeyActions): void {
  const current = useRef(actions)
  current.current = actions
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const action = current.current[event.key.length === 1 ? event.key.toLowerCase() : event.key]
      if (action === undefined || isTaken(event)) return
      event.preventDefault()
      action()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
