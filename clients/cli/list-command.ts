/** The command list: it pages through the keys with a prefix, and prints a name in a line. */
import { keyName } from '../api/key-name.ts'
import { encodeKey } from '../api/key-path.ts'
import type { listKeys, PageAnswer } from '../api/keys.ts'
import { answerReader } from './answer-reader.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'
import { keyOf } from './key-argument.ts'
import { cutLine, terminalColumns, wrapWords } from './terminal.ts'

export interface ListFlags extends GatewayFlags {
  readonly name?: true
  readonly limit: number
  readonly all?: true
  readonly values?: true
  readonly cursor?: string
}

type Item = PageAnswer['items'][number]
type Page = ReturnType<typeof readPage>

/** Items that are asked for at once. A page may hold fewer: its values have 2 MiB in all. */
const PAGE_ITEMS_MAX = 1000

const readPage = answerReader<PageAnswer>()({
  items: [{ key: 'string', text: { ifThere: 'string' }, value: { ifThere: 'string' } }],
  count: 'number',
  cursor: { orNull: 'string' },
})

export const list = (prefix: string | undefined, flags: ListFlags): Promise<void> =>
  withGateway(() => listFrom(prefix === undefined ? '' : encodeKey(keyOf(prefix, flags)), flags))

/** `prefix` is percent-encoded. */
async function listFrom(prefix: string, flags: ListFlags): Promise<void> {
  const items: Item[] = []
  let missing = flags.all ? Number.POSITIVE_INFINITY : flags.limit
  let isCut = false
  let page: Page = { items, count: 0, cursor: flags.cursor ?? null }
  do {
    page = await pageOf(prefix, flags, page.cursor, Math.min(missing, PAGE_ITEMS_MAX))
    missing -= page.items.length
    if (flags.json) items.push(...page.items)
    else isCut = printItems(page.items, flags) || isCut
  } while (page.cursor !== null && missing > 0 && page.items.length > 0)
  if (flags.json) console.log(JSON.stringify({ ...page, items }))
  if (isCut) note('… stands for the rest of a line; into a file or a pipe, lines go whole')
  if (page.cursor === null || flags.json) return
  const next = `${page.count} keys in all; --all lists them`
  const from = `${next}, --cursor ${page.cursor} goes on from here`
  // A cursor is twice as long as the last key.
  note(from.length <= (terminalColumns(process.stderr) ?? from.length) ? from : next)
}

async function pageOf(prefix: string, flags: ListFlags, from: string | null, limit: number): Promise<Page> {
  const cursor = from === null ? undefined : encodeURIComponent(from)
  const query = { prefix, limit: `${limit}`, cursor }
  return readPage(await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query }))
}

/** True when a line had to be cut. */
function printItems(items: readonly Item[], { values }: ListFlags): boolean {
  const columns = terminalColumns(process.stdout)
  let isCut = false
  const lines = items.map((item) => {
    const line = values ? `${item.key}\t${valueText(item)}` : item.key
    if (columns === null) return line
    const cut = cutLine(line.replace('\t', '  '), columns)
    if (cut.endsWith('…') && !line.endsWith('…')) isCut = true
    return cut
  })
  if (lines.length > 0) console.log(lines.join('\n'))
  return isCut
}

/** A value, written as the name of a key is. */
const valueText = ({ text, value }: Item): string =>
  keyName(text === undefined ? Buffer.from(value ?? '', 'base64') : Buffer.from(text))

/** To standard error: on standard output each line is a key. */
function note(sentence: string): void {
  const columns = terminalColumns(process.stderr)
  console.error(columns === null ? sentence : wrapWords(sentence, columns))
}
