/** The colour and the mark of each type of message in a run. */
import { FamilyMark } from '../kit/family-legend.tsx'
import { MESSAGE_FAMILIES, type MessageFamily } from '../kit/message-families.ts'

/** A request and a reply look alike but for their marks, so only one of them is among the looks. */
const LOOKS: readonly MessageFamily[] = MESSAGE_FAMILIES.map(({ family }) => family).filter(
  (family) => family !== 'request',
)

/** The look of a type, by its place among the types of the run. */
export const lookOf = (types: readonly string[], type: string): MessageFamily =>
  LOOKS[Math.max(0, types.indexOf(type)) % LOOKS.length] ?? 'other'

export function LetterLegend({ types }: { readonly types: readonly string[] }) {
  return (
    <ul class="legend">
      {types.map((type) => (
        <li key={type}>
          <FamilyMark family={lookOf(types, type)} />
          {type}
        </li>
      ))}
    </ul>
  )
}
