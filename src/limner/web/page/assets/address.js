// Where things are: everything stands under the base that the page was served from.

export const base = document.documentElement.dataset.base;

export const home = `${base}/`;
export const pictureAddress = (imageId) => `${base}/pictures/${imageId}`;

/** The picture that an address shows; null for the gallery. */
export function pictureIn(path) {
  const start = `${base}/pictures/`;
  return path.startsWith(start) ? path.slice(start.length) : null;
}

const THUMBNAILS = [256, 512, 1024];

/** The smallest thumbnail that fills so many CSS pixels on this screen. */
export function thumbnailAddress(image, pixels) {
  const wanted = pixels * Math.min(window.devicePixelRatio, 2);
  const size = THUMBNAILS.find((one) => one >= wanted) ?? THUMBNAILS.at(-1);
  return `${base}/images/${image.id}/thumbnail/${size}`;
}
