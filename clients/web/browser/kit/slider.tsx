/** A slider over whole numbers, with its value in words beside it. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

export interface SliderProps {
  readonly label: string
  readonly value: number
  readonly min?: number
  readonly max: number
  /** The value in words, for the eye and for a screen reader. */
  readonly text: string
  readonly aside?: ComponentChildren
  onInput(value: number): void
}

export function Slider({ label, value, min = 0, max, text, aside, onInput }: SliderProps) {
  const id = useId()
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={1}
        value={value}
        aria-valuetext={text}
        onInput={(event) => onInput(Number(event.currentTarget.value))}
      />
      <output for={id}>{text}</output>
      {aside}
    </div>
  )
}
