// One tile of the gallery for each kind of thing that hangs there.

import { PaintingTile } from "./painting_tile.js";
import { PictureTile } from "./picture_tile.js";
import { UnpaintedTile } from "./unpainted_tile.js";

const KINDS = { painting: PaintingTile, picture: PictureTile, unpainted: UnpaintedTile };

/** A tile has `element`, `kind`, `jobId`; `update(item, box)` shows the item, `load()` fetches, `leave()` lets go. */
export function makeTile(item, jobs, acts) {
  return new KINDS[item.kind](item, jobs, acts);
}
