// Rows of pictures, each as wide as the gallery and about equally high: no picture is cut, none stands out by its shape.

export const GAP = 12;
const LARGEST = 1.7;

/** Boxes `{top, left, width, height}` for shapes (width : height), and the height of them all. */
export function hang(shapes, width) {
  const wanted = 150 + 0.085 * width;
  const boxes = [];
  let row = [];
  let top = 0;
  for (const shape of shapes) {
    row.push(shape);
    if (heightOf(row, width) > wanted) continue;
    const rest = isBetterWithoutLast(row, width, wanted) ? [row.pop()] : [];
    top = place(row, heightOf(row, width), top, 0, boxes);
    row = rest;
  }
  if (row.length) top = placeLast(row, width, wanted, top, boxes);
  return { boxes, height: Math.max(top - GAP, 0) };
}

/** How high a row is that fills the width. */
function heightOf(row, width) {
  return (width - GAP * (row.length - 1)) / row.reduce((sum, shape) => sum + shape, 0);
}

function isBetterWithoutLast(row, width, wanted) {
  if (row.length < 2) return false;
  return heightOf(row.slice(0, -1), width) / wanted < wanted / heightOf(row, width);
}

function placeLast(row, width, wanted, top, boxes) {
  if (top > 0) return place(row, Math.min(heightOf(row, width), wanted), top, 0, boxes);
  // The only row: a first picture is seen large, and in the middle.
  const height = Math.min(heightOf(row, width), wanted * LARGEST);
  const taken = row.reduce((sum, shape) => sum + shape * height, GAP * (row.length - 1));
  return place(row, height, top, (width - taken) / 2, boxes);
}

function place(row, height, top, left, boxes) {
  for (const shape of row) {
    boxes.push({ top, left, width: shape * height, height });
    left += shape * height + GAP;
  }
  return top + height + GAP;
}
