/** One decision as a space-time diagram: a lane for each process, an arrow for each message, Lamport's clock from left to right. */
import type { CostTrace } from '../../../src/costs/counts.ts'
import { escapeHtml } from '../html.ts'
import { COLOURS } from './log-chart.ts'

const LANE_HEIGHT = 44
const TICK_WIDTH = 22
const LEFT = 84
const TOP = 24

export function timeLine({ protocol, lanes, arrows, decisions }: CostTrace): string {
  const last = Math.max(
    1,
    ...arrows.map(({ sentAt, receivedAt }) => receivedAt ?? sentAt),
    ...decisions.map(({ at }) => at),
  )
  const width = LEFT + (last + 1) * TICK_WIDTH
  const height = TOP + lanes.length * LANE_HEIGHT
  const xOf = (clock: number): number => LEFT + clock * TICK_WIDTH
  const yOf = (lane: number): number => TOP + lane * LANE_HEIGHT
  const rails = lanes.map(
    (lane, index) =>
      `<text x="0" y="${yOf(index) + 4}">${escapeHtml(lane)}</text><line class="grid" x1="${LEFT}" x2="${width}" y1="${yOf(index)}" y2="${yOf(index)}"/>`,
  )
  const events = new Map<string, string>()
  const mark = (clock: number, lane: number, colour: number): void => {
    const dot = `<circle class="c${colour}" cx="${xOf(clock)}" cy="${yOf(lane)}" r="2.5"/>`
    events.set(
      `${clock} ${lane}`,
      `${dot}<text class="clock" x="${xOf(clock)}" y="${yOf(lane) + 14}" text-anchor="middle">${clock}</text>`,
    )
  }
  const messages = arrows.map(({ from, to, sentAt, receivedAt, phase, says }) => {
    const colour = phase % COLOURS
    mark(sentAt, from, colour)
    if (receivedAt === null) return ''
    mark(receivedAt, to, colour)
    const title = `${says}: ${lanes[from]} at ${sentAt} to ${lanes[to]} at ${receivedAt}`
    return `<line class="message c${colour}" x1="${xOf(sentAt)}" y1="${yOf(from)}" x2="${xOf(receivedAt)}" y2="${yOf(to)}"><title>${escapeHtml(title)}</title></line>`
  })
  const ends = decisions.map(({ lane, at, says }) => {
    const square = `<rect class="decision" x="${xOf(at) - 5}" y="${yOf(lane) - 5}" width="10" height="10">`
    const clock = `<text class="clock" x="${xOf(at)}" y="${yOf(lane) + 14}" text-anchor="middle">${at}</text>`
    return `${square}<title>${escapeHtml(`${lanes[lane]} ${says} at ${at}`)}</title></rect>${clock}`
  })
  const phases = [...new Map(arrows.map(({ phase, says }) => [phase, says]))].sort(([a], [b]) => a - b)
  const legend = phases.map(
    ([phase, says]) => `<li><span class="swatch c${phase % COLOURS}"></span>${escapeHtml(says)}</li>`,
  )
  return `<figure><figcaption>${escapeHtml(protocol)}</figcaption>
<div class="wide"><svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img"
 aria-label="${escapeHtml(`${protocol}: ${arrows.length} messages between ${lanes.length}`)}">
${[...rails, ...messages, ...events.values(), ...ends].join('\n')}
</svg></div><ul class="legend">${legend.join('')}<li><span class="swatch decision"></span>decision</li></ul></figure>`
}
