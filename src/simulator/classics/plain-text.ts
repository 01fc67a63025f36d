/** Plain data as text. Most parts of a world are shared with the world before, so the texts of objects are cached. */
const texts = new WeakMap<object, string>()

export function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const known = texts.get(value)
  if (known !== undefined) return known
  const text = JSON.stringify(value)
  texts.set(value, text)
  return text
}
