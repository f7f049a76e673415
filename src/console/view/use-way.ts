import { useEffect, useRef, useState } from 'preact/hooks'
import type { Role } from '../events.ts'
import type { Way } from '../way.ts'

/**
 * Shows the way of an event.
 *
 * @param opener where the focus goes when it is closed
 * @param openedFrom whose list or line that is, if it is a person's
 */
export type OpenWay = (eventId: string, opener: HTMLElement, openedFrom?: Role) => void

interface WayControls {
  readonly openId: string | undefined
  readonly onOpen: OpenWay
  readonly onClose: () => void
}

/** Which event is looked at. What is known of it changes every second, and is the panel's business alone. */
export function useWay(way: Way): WayControls {
  const [openId, setOpenId] = useState(way.eventId)
  const opener = useRef<HTMLElement | null>(null)
  useEffect(
    () =>
      way.subscribe(() => {
        setOpenId(way.eventId)
      }),
    [way],
  )
  useEffect(() => {
    if (openId !== undefined) return
    // Once the panel is gone: on a wide page what it covered takes no focus before.
    opener.current?.focus()
    opener.current = null
  }, [openId])
  return {
    openId,
    onOpen: (eventId, from, openedFrom) => {
      opener.current = from
      way.open(eventId, openedFrom)
    },
    onClose: () => {
      way.close()
    },
  }
}
