import type { ComponentChildren, JSX } from 'preact'
import { Icon } from './icons.tsx'

/** Something about the server that whoever looks at this page should know. */
export function Notice({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div class="notice" role="note" data-testid="notice">
      <Icon name="warning" />
      <p>{children}</p>
    </div>
  )
}
