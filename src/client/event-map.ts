/**
 * What an app declares once: its event types and the fields of each.
 *
 * ```ts
 * interface AppEvents {
 *   SESSION_COMPLETED: { sessionId: string; trainerId: string; studentId: string }
 *   SESSION_CANCELLED: { sessionId: string; reason?: string }
 * }
 * const events = connect<AppEvents>({ … })
 * const publisher = createPublisher<AppEvents>({ … })
 * ```
 *
 * It is a statement about what backends publish, not a check: nothing validates an event against it.
 */
export type EventMap<Events> = { readonly [Type in keyof Events]: object }

/** Without a declaration every type is allowed, and its fields have to be looked at before they are used. */
export type AnyEvents = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** The names of the declared types. */
export type TypeOf<Events> = Extract<keyof Events, string>

/** An event as the backend published it, with its `id`. */
export type EventOf<Events, Type extends TypeOf<Events> = TypeOf<Events>> = {
  [T in Type]: Readonly<Events[T]> & { readonly type: T; readonly id: string }
}[Type]
