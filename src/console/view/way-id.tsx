import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Announcer } from '../announcer.ts'
import { shortId } from '../way-texts.ts'
import { Icon } from './icons.tsx'

/** How long the button shows that it has copied, in milliseconds. */
const SHOWN_FOR = 2000

interface Props {
  readonly eventId: string
  readonly announcer: Announcer
}

/** The event's id: short to read, whole to copy. Where the browser lets nobody copy, as over plain HTTP, it is shown whole. */
export function EventId({ eventId, announcer }: Props): JSX.Element {
  const [isWhole, setWhole] = useState(false)
  const copy = useCopy(eventId, (isCopied) => {
    setWhole(!isCopied)
    announcer.say(isCopied ? 'The id is copied.' : 'The browser lets nobody copy: the id is shown whole.')
  })
  return (
    <>
      <code class="way-id" title={eventId} data-testid="way-id">
        {isWhole ? eventId : shortId(eventId)}
      </code>
      <button
        type="button"
        class="button quiet icon-button way-copy"
        aria-label="Copy the event’s id"
        title="Copy the id"
        data-testid="way-copy"
        data-copied={copy.isCopied}
        onClick={() => {
          void copy.start()
        }}
      >
        <Icon name={copy.isCopied ? 'done' : 'copy'} />
      </button>
    </>
  )
}

interface Copy {
  /** A moment ago. */
  readonly isCopied: boolean
  readonly start: () => Promise<void>
}

function useCopy(text: string, onDone: (isCopied: boolean) => void): Copy {
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (!isCopied) return undefined
    const timer = setTimeout(() => {
      setCopied(false)
    }, SHOWN_FOR)
    return () => {
      clearTimeout(timer)
    }
  }, [isCopied])
  const start = async (): Promise<void> => {
    const done = await write(text)
    setCopied(done)
    onDone(done)
  }
  return { isCopied, start }
}

/** @returns whether it is copied; a page that is not served securely has no clipboard at all */
async function write(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}
