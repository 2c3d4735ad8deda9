// The plane at one moment: the scores of a grid, smoothed between its points, and the points themselves.
const plane = FILM.plane;

// From text to scores, from -1 to 1; nan where the model has none. The bytes are their roots, with a sign.
function scoresOf({ shades }) {
  const bytes = Uint8Array.from(atob(shades), (letter) => letter.charCodeAt(0));
  return Float32Array.from(new Int8Array(bytes.buffer), (x) => (x === -128 ? NaN : x * Math.abs(x) / 127 ** 2));
}

const rgb = (name) => {
  const hex = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
};

// Every pixel's score, between the four of the grid around it.
function spread(scores, width, height) {
  const { cells } = plane, all = new Float32Array(width * height);
  for (let row = 0; row < height; row++) {
    const y = (1 - row / (height - 1)) * (cells - 1), below = Math.min(cells - 2, Math.floor(y)), v = y - below;
    for (let column = 0; column < width; column++) {
      const x = (column / (width - 1)) * (cells - 1), left = Math.min(cells - 2, Math.floor(x)), u = x - left;
      const i = below * cells + left;
      all[row * width + column] = (1 - v) * ((1 - u) * scores[i] + u * scores[i + 1])
        + v * ((1 - u) * scores[i + cells] + u * scores[i + cells + 1]);
    }
  }
  return all;
}

const surface = document.createElement("canvas");

function paintPlane(frame) {
  const map = $("map"), ratio = devicePixelRatio || 1;
  const width = Math.round(map.clientWidth * ratio), height = Math.round(map.clientHeight * ratio);
  if (width < 2 || height < 2) return;
  if (map.width !== width || map.height !== height) Object.assign(map, { width, height });
  const pen = map.getContext("2d"), scores = scoresOf(frame);
  paintScores(scores);
  pen.drawImage(surface, 0, 0, width, height);
  pen.strokeStyle = `rgb(${rgb("text")})`;
  pen.lineWidth = 2 * ratio;
  pen.lineCap = "round";
  pen.stroke(boundary(scores, width, height));

  const [ground, above, below, text] = ["background", "positive", "negative", "text"].map((name) => `rgb(${rgb(name)})`);
  const wrong = new Set(frame.wrong), [left, bottom] = plane.low, [right, top] = plane.high;
  plane.points.forEach(([x, y], i) => {
    const at = [((x - left) / (right - left)) * width, (1 - (y - bottom) / (top - bottom)) * height];
    const circle = (radius, colour) => {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.arc(...at, radius * ratio, 0, 2 * Math.PI);
      pen.fill();
    };
    if (wrong.has(i)) circle(8, text);
    circle(wrong.has(i) ? 6.5 : 5.5, ground);
    circle(4.5, plane.above[i] ? above : below);
  });
}

// Where the score is 0: a line through each cell of the grid whose corners are on different sides.
function boundary(scores, width, height) {
  const { cells } = plane, path = new Path2D(), last = cells - 1;
  for (let row = 0; row < last; row++) {
    for (let column = 0; column < last; column++) {
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([u, v]) => [column + u, row + v, scores[(row + v) * cells + column + u]]);
      if (corners.some(([, , score]) => Number.isNaN(score))) continue;
      const ends = corners.flatMap(([x, y, score], k) => {
        const [nextX, nextY, next] = corners[(k + 1) % 4], share = score / (score - next);
        if (score > 0 === next > 0) return [];
        return [[((x + share * (nextX - x)) / last) * width, (1 - (y + share * (nextY - y)) / last) * height]];
      });
      ends.forEach((end, k) => (k % 2 ? path.lineTo(...end) : path.moveTo(...end)));
    }
  }
  return path;
}

// At most so many pixels, stretched by the browser: a film has to keep its pace.
function paintScores(scores) {
  const width = 300, height = Math.max(2, Math.min(300, Math.round((width * $("map").clientHeight) / $("map").clientWidth)));
  Object.assign(surface, { width, height });
  const pen = surface.getContext("2d"), image = pen.createImageData(width, height), all = spread(scores, width, height);
  const [ground, above, below] = ["background", "positive", "negative"].map(rgb);
  all.forEach((score, i) => {
    const ink = score > 0 ? above : below, share = score ? 0.1 + 0.35 * Math.abs(score) : 0; // nan: none
    for (let k = 0; k < 3; k++) image.data[4 * i + k] = ground[k] + share * (ink[k] - ground[k]);
    image.data[4 * i + 3] = 255;
  });
  pen.putImageData(image, 0, 0);
}
