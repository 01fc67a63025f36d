/** The frame of every page: its title, the sentence that says what one sees, its parts, and where else to go. */
import type { ComponentChildren } from 'preact'

export interface PageFrameProps {
  readonly title: string
  /** A sentence or two: what one sees, and what to do. */
  readonly lead: ComponentChildren
  readonly links?: readonly { readonly href: string; readonly text: string }[]
  readonly children: ComponentChildren
}

export function PageFrame({ title, lead, links = [], children }: PageFrameProps) {
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          <p class="lead">{lead}</p>
        </div>
        {links.length > 0 && (
          <nav aria-label="other pages">
            {links.map(({ href, text }) => (
              <a key={href} href={href}>
                {text}
              </a>
            ))}
          </nav>
        )}
      </header>
      <main>{children}</main>
    </>
  )
}

/** A part of a page, with its name above it. */
export function Panel(props: {
  readonly title: string
  readonly aside?: ComponentChildren
  readonly class?: string
  readonly children: ComponentChildren
}) {
  return (
    <section class={`panel ${props.class ?? ''}`}>
      <h2>
        {props.title}
        {props.aside !== undefined && <span class="aside">{props.aside}</span>}
      </h2>
      {props.children}
    </section>
  )
}
