// What a person is told of a job, a size, a moment.

/** "Waiting, 2 before it", "Painting, 3 s left". */
export function stateInWords(job, jobs) {
  if (job.cancelling) return "Stopping";
  if (job.state === "running") return running(job);
  if (job.expected_start_at) return `Waiting until ${clock(job.expected_start_at)}`;
  const before = jobs.before(job);
  return before ? `Waiting, ${before} before it` : "Waiting";
}

function running({ progress, request, images }) {
  const which = request.count > 1 ? ` ${Math.min(images.length + 1, request.count)} of ${request.count}` : "";
  const left = progress.eta_seconds ? `, ${Math.max(1, Math.round(progress.eta_seconds))} s left` : "";
  return `Painting${which}${left}`;
}

function clock(timestamp) {
  return new Date(timestamp).toLocaleTimeString([], { timeStyle: "medium" });
}

export function dateInWords(timestamp) {
  return new Date(timestamp).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

export function bytesInWords(bytes) {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `sky_colour` → "Sky colour". */
export function nameInWords(name) {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Enough of a prompt to know it by. */
export function shortened(prompt) {
  const characters = Array.from(prompt);
  return characters.length > 80 ? `${characters.slice(0, 79).join("")}…` : prompt;
}
