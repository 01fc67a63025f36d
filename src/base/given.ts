/** Optional properties: builds an object that holds only the properties that have a value. */

/** The properties of T, each optional, and never undefined or null. */
export type Given<T extends object> = { [Key in keyof T]?: Exclude<T[Key], undefined | null> }

/** Returns the properties that have a value, for a spread into an object whose optional properties may not be undefined. */
export function given<T extends object>(properties: T): Given<T> {
  const present: Given<T> = {}
  for (const key in properties) {
    const value = properties[key]
    if (value !== undefined && value !== null) present[key] = value as Given<T>[typeof key]
  }
  return present
}
