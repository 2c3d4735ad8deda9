// What every page that plays is made of: small parts, and one position in time, from 0 to LAST. The page
// itself has LAST, PACE (its share of the chosen pace) and go(to), which shows a position.
const $ = (id) => document.getElementById(id);

// Text is always text.
function part(tag, className, ...content) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...content);
  return element;
}

let position = 0, timer = 0;

// The first half of every go(to): the new position, written and said.
function arrive(to, sentence, count) {
  position = Math.max(0, Math.min(LAST, to));
  const words = sentence(position);
  $("time").value = position;
  $("time").setAttribute("aria-valuetext", words);
  $("live").textContent = words;
  $("count").textContent = count(position);
}

function play(on = !timer) {
  clearTimeout(timer);
  timer = 0;
  if (on) {
    if (position === LAST) go(0);
    timer = setTimeout(tick, PACE * Number($("pace").value));
  }
  document.body.classList.toggle("playing", on);
  $("play").setAttribute("aria-label", on ? "Pause" : "Play");
}
function tick() {
  go(position + 1);
  if (position < LAST) timer = setTimeout(tick, PACE * Number($("pace").value));
  else play(false);
}
const leap = (to) => { play(false); go(to); };

// ---- what is pressed
const PLAYER = {
  start: () => leap(0), back: () => leap(position - 1), play: () => play(), on: () => leap(position + 1),
  finish: () => leap(LAST),
};
const PLAYER_KEYS = {
  ArrowRight: PLAYER.on, ArrowLeft: PLAYER.back, Home: PLAYER.start, End: PLAYER.finish, " ": PLAYER.play,
};

// pressed: from a button's id to what it does. keyed(key, target): what a key does there, or nothing.
function listen(pressed, keyed) {
  for (const [id, act] of Object.entries(pressed)) $(id).addEventListener("click", act);
  $("time").max = LAST;
  $("time").addEventListener("input", () => leap(Number($("time").value)));
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { target } = event;
    const own = event.key === " " ? "input:not([type=range]), select, button, summary" : "input, select";
    if (target.matches(own)) return;
    const act = keyed(event.key, target);
    if (!act) return;
    event.preventDefault();
    act();
  });
}
