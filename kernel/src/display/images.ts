import type { Picture } from "./picture";

/** The MIME type of an encoded image by its first bytes; undefined for other bytes. */
export function imageType(bytes: Uint8Array): "image/png" | "image/jpeg" | "image/gif" | "image/webp" | undefined {
  const begins = (...expected: number[]): boolean => expected.every((byte, index) => bytes[index] === byte);
  if (begins(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)) return "image/png";
  if (begins(0xff, 0xd8, 0xff)) return "image/jpeg";
  if (begins(0x47, 0x49, 0x46, 0x38)) return "image/gif";
  if (begins(0x52, 0x49, 0x46, 0x46) && String.fromCharCode(...bytes.subarray(8, 12)) === "WEBP") return "image/webp";
  return undefined;
}

/** The size at which a picture of twice as many pixels is shown. */
export const pictureSize = (picture: Picture): Record<string, unknown> => ({ "image/png": { width: picture.width, height: Math.round(picture.height) } });
