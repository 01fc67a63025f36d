/** The command list: it pages through the keys of a range, and prints one key per line. */
import { OperatorError } from '../../src/base/operator-error.ts'
import type { SortTarget } from '../../src/store/range.ts'
import { keyName } from '../api/key-name.ts'
import { encodeKey } from '../api/key-path.ts'
import type { listKeys, PageAnswer } from '../api/keys.ts'
import { answerReader } from '../library/answer-reader.ts'
import { callGateway, type GatewayFlags, withGateway } from './gateway-call.ts'
import { keyOf } from './key-argument.ts'
import { type RangeFlags, type RangeQuery, rangeOf } from './range-argument.ts'
import { cutLine, terminalColumns, wrapWords } from './terminal.ts'

export interface ListFlags extends GatewayFlags, RangeFlags {
  readonly revision?: number
  readonly sort: SortTarget
  readonly descending?: true
  readonly minMod?: number
  readonly maxMod?: number
  readonly minCreate?: number
  readonly maxCreate?: number
  readonly keysOnly?: true
  readonly count?: true
  readonly limit: number
  readonly all?: true
  readonly values?: true
  readonly cursor?: string
}

type Item = PageAnswer['items'][number]
type Page = ReturnType<typeof readPage>

/** Items requested per page. A page may hold fewer: its values take at most 2 MiB. */
const PAGE_ITEMS_MAX = 1000

const readPage = answerReader<PageAnswer>()({
  items: [{ key: 'string', text: { ifThere: 'string' }, value: { ifThere: 'string' } }],
  count: 'number',
  revision: 'number',
  more: 'boolean',
  cursor: { orNull: 'string' },
})

export const list = (argument: string | undefined, flags: ListFlags): Promise<void> =>
  withGateway(() => {
    expectOnePage(flags)
    const range = listedRange(argument, flags)
    return flags.count ? countIn(range, flags) : listFrom(range, flags)
  })

/** The range to list: from the argument or the options, otherwise every key. */
function listedRange(argument: string | undefined, flags: ListFlags): RangeQuery {
  const range = rangeOf(flags)
  if (argument === undefined) return range ?? { prefix: '' }
  if (range === null) return { prefix: encodeKey(keyOf(argument, flags)) }
  throw new OperatorError(
    `Both the prefix "${argument}" and a range are named: give the prefix, or --prefix, --from and --to.`,
  )
}

/** Throws if the keys would need a second page: only keys sorted by key continue after a page. */
function expectOnePage({ sort, cursor, all, limit, count }: ListFlags): void {
  if (sort === 'key' || count) return
  const what = cursor !== undefined ? '--cursor' : all ? '--all' : '--limit'
  if (cursor === undefined && !all && limit <= PAGE_ITEMS_MAX) return
  throw new OperatorError(
    `${what} goes beyond what a list by ${sort} can have, ${PAGE_ITEMS_MAX} keys: sort by key, or narrow the range.`,
  )
}

async function countIn(range: RangeQuery, flags: ListFlags): Promise<void> {
  const query = { ...range, countOnly: 'true', revision: flags.revision?.toString() }
  const answer = await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query })
  const { count } = readPage(answer)
  console.log(flags.json ? answer.toString('utf8') : `${count}`)
}

async function listFrom(range: RangeQuery, flags: ListFlags): Promise<void> {
  const items: Item[] = []
  let missing = flags.all ? Number.POSITIVE_INFINITY : flags.limit
  let isCut = false
  let page: Page | null = null
  do {
    page = await pageOf(range, flags, { before: page, limit: Math.min(missing, PAGE_ITEMS_MAX) })
    missing -= page.items.length
    if (flags.json) items.push(...page.items)
    else isCut = printItems(page.items, flags) || isCut
  } while (page.cursor !== null && missing > 0 && page.items.length > 0)
  if (flags.json) console.log(JSON.stringify({ ...page, items }))
  if (isCut) note('… stands for the rest of a line; a file or a pipe receives whole lines')
  if (!flags.json) noteRest(page, flags)
}

/** Prints the number of keys and how to list the others, unless all were printed. */
function noteRest({ cursor, more, count }: Page, { sort, limit }: ListFlags): void {
  if (limit === 0 || (cursor === null && !more)) return
  const inAll = `${count} keys in total`
  if (cursor === null) {
    const isLimit = count > limit && limit < PAGE_ITEMS_MAX
    note(
      `${inAll}; sorted by ${sort}, only these are listed: ${isLimit ? 'raise --limit, or ' : ''}narrow the range`,
    )
    return
  }
  const next = `${inAll}; --all lists them`
  const from = `${next}, --cursor ${cursor} continues from here`
  // A cursor is twice as long as the last key, so it may be too long to print.
  note(from.length <= (terminalColumns(process.stderr) ?? from.length) ? from : next)
}

/** Reads a page. A later page is read at the revision of the first, so that all pages show one state. */
async function pageOf(
  range: RangeQuery,
  flags: ListFlags,
  { before, limit }: { readonly before: Page | null; readonly limit: number },
): Promise<Page> {
  const cursor = before?.cursor ?? flags.cursor
  const query = {
    ...range,
    limit: `${limit}`,
    cursor: cursor === undefined ? undefined : encodeURIComponent(cursor),
    revision: (flags.revision ?? before?.revision)?.toString(),
    sort: flags.sort === 'key' ? undefined : flags.sort,
    order: flags.descending ? 'desc' : undefined,
    minModRevision: flags.minMod?.toString(),
    maxModRevision: flags.maxMod?.toString(),
    minCreateRevision: flags.minCreate?.toString(),
    maxCreateRevision: flags.maxCreate?.toString(),
    // Values are not requested if none is printed.
    keysOnly: flags.keysOnly || !(flags.json || flags.values) ? 'true' : undefined,
  }
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

/** A value in the escaped form of a key. */
const valueText = ({ text, value }: Item): string =>
  keyName(text === undefined ? Buffer.from(value ?? '', 'base64') : Buffer.from(text))

/** Prints a note on standard error, because each line on standard output is a key. */
function note(sentence: string): void {
  const columns = terminalColumns(process.stderr)
  console.error(columns === null ? sentence : wrapWords(sentence, columns))
}
