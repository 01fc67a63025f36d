/** The relations of a comparison, as written in documents and on command lines. */
import type { CompareRelation } from '../../src/store/transaction.ts'

export const COMPARE_RELATIONS_SHOWN = ['=', '!=', '<', '>'] as const
export type ShownRelation = (typeof COMPARE_RELATIONS_SHOWN)[number]

export const RELATION_OF: Readonly<Record<ShownRelation, CompareRelation>> = {
  '=': 'equal',
  '!=': 'not-equal',
  '<': 'less',
  '>': 'greater',
}
