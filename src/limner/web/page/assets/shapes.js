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
  const pixels = capabilities.default_width * capabilities.default_height;
  const found = SHAPES.map(([name, across, down]) => sized(name, across / down, pixels, capabilities));
  const usual = found.find(({ width, height }) => width === capabilities.default_width && height === capabilities.default_height);
  return usual ? found : [own(capabilities), ...found];
}

function sized(name, ratio, pixels, { width, height, size_multiple: multiple }) {
  // Steps of about 32 make plain numbers, and of a shape's sides whole ones: 1024 × 576 is 16 : 9.
  const step = pixels < LARGE ? multiple : multiple * Math.max(1, Math.floor(32 / multiple));
  const fit = (side, { minimum, maximum }) => Math.min(Math.max(Math.round(side / step) * step, minimum), maximum);
  return { name, ratio, width: fit(Math.sqrt(pixels * ratio), width), height: fit(Math.sqrt(pixels / ratio), height) };
}

function own({ default_width: width, default_height: height }) {
  return { name: "Usual", ratio: width / height, width, height };
}
