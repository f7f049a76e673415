import type { TypeOf } from '../client/event-map.ts'

/**
 * An event of the app's map as it is published: its fields, and a `type`. Other fields, such as `trainerId` or `recipientIds`, may
 * be there whether the map names them or not.
 *
 * Without a map any object with a `type` will do.
 */
export type EventToPublish<Events, Type extends TypeOf<Events> = TypeOf<Events>> = string extends Type
  ? { readonly type: string }
  : { [T in Type]: Readonly<Events[T]> & WithoutMap<T> }[Type]

interface WithoutMap<Type> {
  readonly type: Type
  /**
   * Names the event for ever, 1 to 128 characters. Left out: where there is a `timestamp` the server derives it from the content,
   * so that two backends that publish the same event publish it once; else the publisher makes one up.
   */
  readonly id?: string | undefined
  /** Milliseconds since 1970, or an ISO 8601 string, which a `Date` becomes. */
  readonly timestamp?: number | string | Date | undefined
}
