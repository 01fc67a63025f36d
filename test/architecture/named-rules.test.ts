/** The rules that explanations of runs name are those of PROTOCOL.md: each number still has the words meant. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { NAMED_RULES } from '../../src/simulator/trace/phrase.ts'
import { ROOT } from '../kit/built-program.ts'

const DOCUMENT = readFileSync(join(ROOT, 'src/PROTOCOL.md'), 'utf8')

/** The text of a rule, "3.6", or of a whole section, "6"; empty if the document has none. */
function ruleText(document: string, tag: string): string {
  const [section = '', item] = tag.split('.')
  const [, text = ''] = new RegExp(`^## ${section}\\. (.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(document) ?? []
  if (item === undefined) return text
  const [, rule = ''] = new RegExp(`^${item}\\. (.*?)(?=^\\d+\\. |$(?![\\s\\S]))`, 'ms').exec(text) ?? []
  return rule
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

test.each(Object.entries(NAMED_RULES))('rule %s says "%s"', (tag, words) => {
  expect(oneLine(ruleText(DOCUMENT, tag))).toContain(oneLine(words))
})

test('a rule that moved, or that is gone, is found', () => {
  const document = '# P\n## 1. Case\n\n1. **One** a\n   b\n2. **Two**\n\n## 2. Other\n\n1. **Three**\n'
  expect(oneLine(ruleText(document, '1.1'))).toBe('**One** a b ')
  expect(ruleText(document, '1.2')).not.toContain('Three')
  expect(ruleText(document, '2.1')).toContain('Three')
  expect(ruleText(document, '2.2')).toBe('')
  expect(ruleText(document, '3.1')).toBe('')
})
