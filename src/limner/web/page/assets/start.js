// Puts the page together.

import { Acts } from "./acts.js";
import { call, NoAnswer, Problem, whenRefused } from "./api.js";
import { AskForm } from "./ask.js";
import { Gallery } from "./gallery.js";
import { isFinal, Jobs } from "./jobs.js";
import { announce, complain, connectionBack, connectionLost, show } from "./notices.js";
import { PictureView } from "./picture_view.js";
import * as session from "./session.js";
import { Stream } from "./stream.js";
import { say } from "./templates.js";
import { shortened } from "./words.js";

const jobs = new Jobs();
const acts = new Acts(jobs);
const gallery = new Gallery(jobs, {
  open: (event, imageId) => view.open(event, imageId),
  cancel: (jobId, button) => acts.cancel(jobId, button),
  retry: (jobId, button) => acts.retry(jobId, button),
  remove: (jobId, button) => acts.remove(jobId, button),
});
const ask = new AskForm((job) => {
  jobs.add(job);
  announce(`Waiting: ${shortened(job.request.prompt)}`);
});
const view = new PictureView(jobs, gallery, acts, (request) => ask.fill(request));

whenRefused(session.signsIn ? session.showSignIn : session.sayRefused);
await session.begin();
if (!document.getElementById("studio").hidden) await open();

async function open() {
  follow();
  jobs.addEventListener("changed", ({ detail }) => tell(detail));
  await Promise.all([patiently(offerModels), patiently(() => jobs.loadMore()), patiently(session.showWho)]);
  await view.follow();
}

/** A server that does not answer yet is asked again. */
async function patiently(act) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      return await act();
    } catch (problem) {
      if (problem instanceof Problem && problem.status < 500) return complain(problem);
      if (!(problem instanceof Problem || problem instanceof NoAnswer)) throw problem;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

async function offerModels() {
  const { items } = await call("GET", "/models");
  ask.offer(items);
  const ill = items.filter((model) => model.problem);
  const health = document.getElementById("health");
  say(health, ill.length ? `${ill[0].name} cannot paint: ${ill[0].problem.detail}` : "Ready to paint");
  health.classList.toggle("ill", ill.length > 0);
}

function follow() {
  const stream = new Stream();
  stream.addEventListener("job", ({ detail }) => jobs.put(detail));
  stream.addEventListener("progress", ({ detail }) => jobs.advance(detail));
  stream.addEventListener("preview", ({ detail }) => jobs.show(detail));
  stream.addEventListener("open", connectionBack);
  stream.addEventListener("lost", connectionLost);
  // Whatever refuses the stream refuses this, too, and says why.
  stream.addEventListener("refused", () => call("GET", "/jobs?limit=1").catch(complain));
  stream.start();
}

/** Ends are said aloud; progress is there to be looked up. */
function tell({ job, before }) {
  if (!job || !before || !isFinal(job) || isFinal(before)) return;
  const prompt = shortened(job.request.prompt);
  if (job.state === "succeeded") announce(`Painted: ${prompt}`);
  if (job.state === "cancelled") announce(`Cancelled: ${prompt}`);
  if (job.state === "failed") announce(`Not painted: ${prompt}. ${job.error.title}.`);
  if (job.state === "failed" && job.images.length) show(`${job.images.length} of ${job.request.count} were painted. ${job.error.title}: ${job.error.detail}`);
}
