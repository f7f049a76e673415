import type { DeviceLedger, Logger } from './ports.ts'

/** Where a device stands that asks for events: it goes on `after` what it has, or `begins` without what came before. */
export type Standing = { readonly after: number } | { readonly begins: number }

/** Once for each connection, or when it begins anew. Nobody's events wait, or fail, for a note about their device. */
export async function noteDevice(
  { devices, logger }: { readonly devices: DeviceLedger; readonly logger: Logger },
  userId: string,
  device: string,
  standing: Standing,
): Promise<void> {
  try {
    if ('begins' in standing) await devices.begins(userId, device, standing.begins)
    else await devices.seen(userId, device, standing.after)
  } catch (error) {
    logger.error({ err: error, userId, device }, 'device could not be noted as seen')
  }
}
