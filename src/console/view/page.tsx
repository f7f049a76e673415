import type { ComponentChildren, JSX } from 'preact'
import type { Announcer } from '../announcer.ts'
import { Logo } from './icons.tsx'
import { ThemeToggle } from './theme-toggle.tsx'
import { useObserved } from './use-observed.ts'

/** What is around everything that this page may show. */
export function Page({
  announcer,
  children,
}: {
  announcer: Announcer
  children: ComponentChildren
}): JSX.Element {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="top">
        <Logo />
        <h1>
          event-fanout <span>console</span>
        </h1>
        <ThemeToggle />
      </header>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
      <Announcements announcer={announcer} />
    </>
  )
}

function Announcements({ announcer }: { announcer: Announcer }): JSX.Element {
  useObserved(announcer)
  return (
    <div class="hidden" role="status" aria-live="polite" data-testid="announcements">
      {announcer.text}
    </div>
  )
}
