// Sizes as shapes: of about as many pixels as the model paints by default, within what it allows.

const LARGE = 256 * 256;
const SHAPES = [
  ["Square", 1, 1],
  ["Portrait", 3, 4],
  ["Tall", 9, 16],
  ["Landscape", 4, 3],
  ["Wide", 16, 9],
];

/** `{name, width, height, ratio}` for each shape that the model can paint. */
export function shapesOf(capabilities) {
  const size = capabilities.sizes ? nearest : sized;
  const all = SHAPES.map(([name, across, down]) => ({ name, ratio: across / down, ...size(across / down, capabilities) }));
  const found = all.filter((shape) => isPainted(shape, capabilities) && isTruest(shape, all));
  const usual = found.find(({ width, height }) => width === capabilities.default_width && height === capabilities.default_height);
  return usual ? found : [own(capabilities), ...found];
}

function sized(ratio, { width, height, size_multiple: multiple, default_width, default_height }) {
  const pixels = default_width * default_height;
  // Steps of about 32 make plain numbers, and of a shape's sides whole ones: 1024 × 576 is 16 : 9.
  const step = pixels < LARGE ? multiple : multiple * Math.max(1, Math.floor(32 / multiple));
  const fit = (side, { minimum, maximum }) => Math.min(Math.max(Math.round(side / step) * step, minimum), maximum);
  return { width: fit(Math.sqrt(pixels * ratio), width), height: fit(Math.sqrt(pixels / ratio), height) };
}

/** Of the only sizes there are; the usual one where several are as near. */
function nearest(ratio, { sizes, default_width, default_height }) {
  const all = [[default_width, default_height], ...sizes].map(([width, height]) => ({ width, height }));
  return all.reduce((best, size) => (distance(size, ratio) < distance(best, ratio) ? size : best));
}

function isPainted({ width, height }, { max_ratio, max_pixels }) {
  const long = Math.max(width / height, height / width);
  return long <= (max_ratio ?? Infinity) && width * height <= (max_pixels ?? Infinity);
}

/** Whether no other shape fits its size better. */
function isTruest(shape, all) {
  const same = all.filter(({ width, height }) => width === shape.width && height === shape.height);
  return same.every((other) => distance(shape, shape.ratio) <= distance(other, other.ratio));
}

function distance({ width, height }, ratio) {
  return Math.abs(Math.log(width / height / ratio));
}

function own({ default_width: width, default_height: height }) {
  return { name: "Usual", ratio: width / height, width, height };
}
