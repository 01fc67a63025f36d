/** The legend of the marks that stand for messages. */
import { FAMILY_PATHS, MESSAGE_FAMILIES, type MessageFamily } from './message-families.ts'

export function FamilyMark({ family }: { readonly family: MessageFamily }) {
  return (
    <svg class={`family ${family}`} viewBox="-8 -8 16 16" width="14" height="14" aria-hidden="true">
      <path d={FAMILY_PATHS[family]} />
    </svg>
  )
}

export function FamilyLegend({ families }: { readonly families?: ReadonlySet<MessageFamily> }) {
  return (
    <ul class="legend">
      {MESSAGE_FAMILIES.filter(({ family }) => families?.has(family) ?? true).map(({ family, word }) => (
        <li key={family}>
          <FamilyMark family={family} />
          {word}
        </li>
      ))}
    </ul>
  )
}
